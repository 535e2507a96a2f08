//! The whole house, over real sockets.
