//! The door over HTTP, without a socket.
