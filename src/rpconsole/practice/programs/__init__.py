"""Stand-ins for the survey's own programs: real command lines in, small but real pixel work, real FITS files out."""
