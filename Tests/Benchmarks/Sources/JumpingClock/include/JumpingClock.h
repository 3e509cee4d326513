// Nothing of it is called by name: it is loaded with LD_PRELOAD.
