"""The messages of Flight SQL, generated; `make proto` writes them anew from the .proto beside."""
