"""The PyPI client fhirpy against a running door."""

import os
import sys
import time

from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import OperationOutcome, ResourceNotFound

client = SyncFHIRClient(os.environ["BASE"], authorization=f"Bearer {os.environ['TOKEN']}")
RUN = f"py-{time.time_ns()}"
passed = failed = 0


def check(act):
    """Runs a check and counts it."""
    global passed, failed
    try:
        act()
        passed += 1
    except Exception as error:  # whatever went wrong is what is to be told
        failed += 1
        print(f"FAIL {act.__name__}: {error!r}")


def person(number):
    return client.resource(
        "Patient",
        identifier=[{"system": "urn:example:py", "value": f"{RUN}-{number}"}],
        name=[{"family": "Fhirpy", "given": [f"Synthetic {number}"]}],
    )


def create_read_update_delete():
    patient = person(0)
    patient.save()
    assert patient.id
    patient["birthDate"] = "1970-01-01"
    patient.save()
    again = client.reference("Patient", patient.id).to_resource()
    assert again["birthDate"] == "1970-01-01" and again["meta"]["versionId"] == "2"
    again.delete()
    try:
        client.reference("Patient", patient.id).to_resource()
    except ResourceNotFound:
        return
    except OperationOutcome:
        return
    raise AssertionError("a deleted patient was read")


def search_with_pages_and_counts():
    for number in range(1, 6):
        person(number).save()
    search = client.resources("Patient").search(identifier=f"urn:example:py|{RUN}-3")
    assert [one["name"][0]["given"] for one in search.fetch()] == [["Synthetic 3"]]
    everyone = client.resources("Patient").search(family="Fhirpy").limit(2).fetch_all()
    ours = [one for one in everyone if one["identifier"][0]["value"].startswith(RUN)]
    assert len(ours) == 5, len(ours)


def includes():
    patient = person(9)
    patient.save()
    weight = client.resource(
        "Observation",
        status="final",
        code={"text": "Weight"},
        subject=patient.to_reference(),
        valueQuantity={"value": 70, "unit": "kg"},
    )
    weight.save()
    search = client.resources("Observation").search(_id=weight.id).include("Observation", "subject")
    kinds = {entry.resource.resource_type for entry in search.fetch_raw().entry}
    assert kinds == {"Observation", "Patient"}, kinds


def a_refusal_says_why():
    try:
        client.resource("Patient", gender="nonsense").save()
    except OperationOutcome as outcome:
        assert "Patient.gender" in str(outcome), outcome
        return
    raise AssertionError("a wrong code was taken")


for one in [create_read_update_delete, search_with_pages_and_counts, includes, a_refusal_says_why]:
    check(one)
print(f"fhirpy: {passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
