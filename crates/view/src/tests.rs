mod suite;
mod views;
mod written;
