"""One package a protocol: values in, values out."""
