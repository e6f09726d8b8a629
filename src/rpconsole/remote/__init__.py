"""What runs at the site: one zip file, standard library only, Python 3.6 and later.

Every module is imported both as part of rpconsole (tests) and as package ``rpr`` inside the zip, so imports are
relative.
"""
