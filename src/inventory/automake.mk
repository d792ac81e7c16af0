libcordon_la_SOURCES += \
	src/inventory/inventory.c src/inventory/inventory.h \
	src/inventory/links.c src/inventory/links.h \
	src/inventory/xenread.c src/inventory/xenread.h \
	src/inventory/xenstore.c src/inventory/xenstore.h \
	src/inventory/xenvalue.c src/inventory/xenvalue.h
