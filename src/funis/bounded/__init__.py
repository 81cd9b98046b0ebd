"""Files from outside, opened only as far as a limit: where they lie, how large they are when unpacked."""
