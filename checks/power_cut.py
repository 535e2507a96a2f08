#!/usr/bin/env python3
"""Cuts a mounted ext4 off from its disk under sixteen writers, mounts it again, and looks for lost writes (R-2).

    cargo build --package crash
    checks/power_cut.py --cuts 100                      # must lose nothing
    checks/power_cut.py --cuts 40 --relaxed             # must lose something: proves that a loss would be seen

Needs root, loop devices and mkfs.ext4. The cut is FS_IOC_SHUTDOWN without flushing the journal: what had not
been flushed to the image file is gone, as after a power failure. Only acknowledgements that were on the other
file system before the cut count, since a wait for the disk that races with the cut may still report success.
"""
import argparse, fcntl, os, random, shutil, struct, subprocess, sys, tempfile, time

SHUTDOWN = 0x8004587D          # FS_IOC_SHUTDOWN, linux/fs.h
NO_LOG_FLUSH = 2               # EXT4_GOING_FLAGS_NOLOGFLUSH


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def cut(binary, place, relaxed, delay):
    image, mount, acks = (os.path.join(place, name) for name in ("image", "mount", "acknowledged"))
    with open(image, "wb") as file:
        file.truncate(512 << 20)
    run("mkfs.ext4", "-q", "-F", image)
    os.makedirs(mount)
    run("mount", "-o", "loop", image, mount)
    store = os.path.join(mount, "store")
    command = [binary, "write", store, "--acknowledged", acks] + (["--relaxed"] if relaxed else [])
    writer = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        time.sleep(delay)
        device = os.open(mount, os.O_RDONLY)
        seen = open(acks).read() if os.path.exists(acks) else ""
        fcntl.ioctl(device, SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        os.close(device)
    finally:
        writer.kill()
        writer.wait()
        subprocess.run(["umount", mount], check=True)
    before = os.path.join(place, "before")
    with open(before, "w") as file:
        file.write(seen)
    run("mount", "-o", "loop", image, mount)
    try:
        result = subprocess.run([binary, "check", store, "--acknowledged", before], capture_output=True, text=True)
    finally:
        run("umount", mount)
    return result.returncode == 0, (result.stdout + result.stderr).strip()


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--cuts", type=int, default=20)
    options.add_argument("--relaxed", action="store_true")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--binary", default="target/debug/carespine-crash")
    given = options.parse_args()
    if os.geteuid() != 0:
        sys.exit("Run this as root: it mounts file systems.")
    if not os.path.exists(given.binary):
        sys.exit(f"{given.binary} is not there. Run: cargo build --package crash")
    chance = random.Random(given.seed)
    bad = 0
    for number in range(given.cuts):
        place = tempfile.mkdtemp(prefix="power-cut-")
        try:
            good, said = cut(given.binary, place, given.relaxed, chance.uniform(0.3, 2.5))
        finally:
            shutil.rmtree(place, ignore_errors=True)
        bad += not good
        print(f"cut {number + 1}: {'good' if good else 'BAD'}: {said}", flush=True)
    print(f"{given.cuts - bad} passed, {bad} failed")
    expected = bad > 0 if given.relaxed else bad == 0
    sys.exit(0 if expected else 1)


if __name__ == "__main__":
    main()
