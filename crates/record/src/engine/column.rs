//! Values as they go into statements and come out of rows. Four kinds are enough: both engines' narrower
//! integers widen here.

use postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use rusqlite::types::{ToSqlOutput, ValueRef};
use std::error::Error;

/// A value to bind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value<'v> {
    Null,
    Int(i64),
    Text(&'v str),
    Bytes(&'v [u8]),
    /// A list of whole numbers, where asking costs a round trip: see [`super::Conn::is_far`].
    Ints(&'v [i64]),
}

impl From<i64> for Value<'_> {
    fn from(n: i64) -> Self {
        Value::Int(n)
    }
}

impl<'v> From<&'v str> for Value<'v> {
    fn from(text: &'v str) -> Self {
        Value::Text(text)
    }
}

impl<'v> From<&'v String> for Value<'v> {
    fn from(text: &'v String) -> Self {
        Value::Text(text)
    }
}

impl<'v> From<&'v [u8]> for Value<'v> {
    fn from(bytes: &'v [u8]) -> Self {
        Value::Bytes(bytes)
    }
}

impl<'v> From<&'v Vec<u8>> for Value<'v> {
    fn from(bytes: &'v Vec<u8>) -> Self {
        Value::Bytes(bytes)
    }
}

impl<'v, const N: usize> From<&'v [u8; N]> for Value<'v> {
    fn from(bytes: &'v [u8; N]) -> Self {
        Value::Bytes(bytes)
    }
}

impl<'v, T: Into<Value<'v>>> From<Option<T>> for Value<'v> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

impl rusqlite::ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Ints(_) => {
                let text = "SQLite is asked one by one, not for a list";
                return Err(rusqlite::Error::ToSqlConversionFailure(text.into()));
            }
            Value::Null => ValueRef::Null,
            Value::Int(n) => ValueRef::Integer(*n),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self, kind: &Type, out: &mut bytes::BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Value::Null => Ok(IsNull::Yes),
            Value::Int(n) if *kind == Type::INT8 => n.to_sql(kind, out),
            Value::Int(n) if *kind == Type::INT4 => i32::try_from(*n)?.to_sql(kind, out),
            Value::Int(n) if *kind == Type::INT2 => i16::try_from(*n)?.to_sql(kind, out),
            Value::Text(text) => text.to_sql(kind, out),
            Value::Bytes(bytes) => bytes.to_sql(kind, out),
            Value::Ints(numbers) => numbers.to_sql(kind, out),
            Value::Int(_) => Err(format!("a whole number does not fit a column of type {kind}").into()),
        }
    }

    fn accepts(kind: &Type) -> bool {
        matches!(*kind, Type::INT2 | Type::INT4 | Type::INT8 | Type::TEXT | Type::BYTEA | Type::INT8_ARRAY)
    }

    to_sql_checked!();
}

/// A column of a row.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Column<'c> {
    Null,
    Int(i64),
    Text(&'c str),
    Bytes(&'c [u8]),
}

impl<'c> From<ValueRef<'c>> for Column<'c> {
    fn from(value: ValueRef<'c>) -> Self {
        match value {
            ValueRef::Integer(n) => Column::Int(n),
            // The record writes no text that is not UTF-8 and no fraction; a damaged one reads as missing.
            ValueRef::Text(text) => std::str::from_utf8(text).map_or(Column::Null, Column::Text),
            ValueRef::Blob(bytes) => Column::Bytes(bytes),
            ValueRef::Null | ValueRef::Real(_) => Column::Null,
        }
    }
}

impl<'c> FromSql<'c> for Column<'c> {
    fn from_sql(kind: &Type, raw: &'c [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(match *kind {
            Type::INT8 => Column::Int(i64::from_sql(kind, raw)?),
            Type::INT4 => Column::Int(i32::from_sql(kind, raw)?.into()),
            Type::INT2 => Column::Int(i16::from_sql(kind, raw)?.into()),
            Type::BYTEA => Column::Bytes(raw),
            _ => Column::Text(<&str>::from_sql(kind, raw)?),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Column::Null)
    }

    fn accepts(kind: &Type) -> bool {
        <Value<'_> as ToSql>::accepts(kind)
    }
}

/// What a column is read as.
pub(crate) trait FromColumn<'c>: Sized {
    fn from_column(column: Column<'c>) -> Result<Self, String>;
}

fn wrong<T>(wanted: &str, column: Column<'_>) -> Result<T, String> {
    Err(format!("{wanted} was expected, not {column:?}"))
}

impl<'c> FromColumn<'c> for Column<'c> {
    fn from_column(column: Column<'c>) -> Result<Self, String> {
        Ok(column)
    }
}

impl FromColumn<'_> for i64 {
    fn from_column(column: Column<'_>) -> Result<Self, String> {
        match column {
            Column::Int(n) => Ok(n),
            other => wrong("a whole number", other),
        }
    }
}

impl FromColumn<'_> for bool {
    fn from_column(column: Column<'_>) -> Result<Self, String> {
        i64::from_column(column).map(|n| n != 0)
    }
}

impl<'c> FromColumn<'c> for &'c str {
    fn from_column(column: Column<'c>) -> Result<Self, String> {
        match column {
            Column::Text(text) => Ok(text),
            other => wrong("a text", other),
        }
    }
}

impl FromColumn<'_> for String {
    fn from_column(column: Column<'_>) -> Result<Self, String> {
        <&str>::from_column(column).map(str::to_owned)
    }
}

impl<'c> FromColumn<'c> for &'c [u8] {
    fn from_column(column: Column<'c>) -> Result<Self, String> {
        match column {
            Column::Bytes(bytes) => Ok(bytes),
            other => wrong("bytes", other),
        }
    }
}

impl FromColumn<'_> for Vec<u8> {
    fn from_column(column: Column<'_>) -> Result<Self, String> {
        <&[u8]>::from_column(column).map(<[u8]>::to_vec)
    }
}

impl FromColumn<'_> for [u8; 32] {
    fn from_column(column: Column<'_>) -> Result<Self, String> {
        let bytes = <&[u8]>::from_column(column)?;
        bytes.try_into().map_err(|_| format!("32 bytes were expected, not {}", bytes.len()))
    }
}

impl<'c, T: FromColumn<'c>> FromColumn<'c> for Option<T> {
    fn from_column(column: Column<'c>) -> Result<Self, String> {
        match column {
            Column::Null => Ok(None),
            other => T::from_column(other).map(Some),
        }
    }
}

/// A value of its own, to be carried from one connection to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Owned {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl FromColumn<'_> for Owned {
    fn from_column(column: Column<'_>) -> Result<Self, String> {
        Ok(match column {
            Column::Null => Owned::Null,
            Column::Int(n) => Owned::Int(n),
            Column::Text(text) => Owned::Text(text.to_owned()),
            Column::Bytes(bytes) => Owned::Bytes(bytes.to_vec()),
        })
    }
}

impl<'v> From<&'v Owned> for Value<'v> {
    fn from(value: &'v Owned) -> Self {
        match value {
            Owned::Null => Value::Null,
            Owned::Int(n) => Value::Int(*n),
            Owned::Text(text) => Value::Text(text),
            Owned::Bytes(bytes) => Value::Bytes(bytes),
        }
    }
}
