libcordon_la_SOURCES += src/inventory/inventory.h
