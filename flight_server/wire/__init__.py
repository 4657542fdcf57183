"""Flight RPC in and out: decode, call a service, encode; decides nothing."""
