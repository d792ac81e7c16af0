libcordon_la_SOURCES += src/dataplane/dataplane.h
