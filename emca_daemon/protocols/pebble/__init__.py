"""What Pebble has around ACME: any host name, a management interface, renewal information set by hand."""
