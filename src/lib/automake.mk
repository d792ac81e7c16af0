libcordon_la_SOURCES += \
	src/lib/addr.c src/lib/addr.h \
	src/lib/arena.c src/lib/arena.h \
	src/lib/diag.c src/lib/diag.h \
	src/lib/nlsock.c src/lib/nlsock.h \
	src/lib/reason.c src/lib/reason.h \
	src/lib/utf8.c src/lib/utf8.h \
	src/lib/writer.c src/lib/writer.h \
	src/lib/writer_json.c src/lib/writer_text.c
