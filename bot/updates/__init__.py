"""What is done with each kind of update that passes the gate."""
