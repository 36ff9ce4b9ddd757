"""Images in an object store, read over the network where the person at this machine allows it.

GDAL itself stays shut off from the network (``imagery.gdal``): it is handed a file object and never
a URL. So one object is asked for and nothing beside it, whatever its content names; an object that
changes under a reader is noticed at the next request (GDAL does not tell ETags), and the reason of
a failure reaches a person.

``allowed`` says from where, ``store`` how a store is reached, ``reader`` asks it, ``file`` is what
GDAL reads, ``dataset`` what the rest of the program reads.
"""
