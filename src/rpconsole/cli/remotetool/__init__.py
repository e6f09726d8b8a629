"""``remotetool``: the remote tables from the command line, with the options and the output that the IPP's scripts know."""
