libcordon_la_SOURCES += \
	src/lib/addr.c src/lib/addr.h \
	src/lib/arena.c src/lib/arena.h \
	src/lib/diag.c src/lib/diag.h \
	src/lib/directory.c src/lib/directory.h \
	src/lib/file.c src/lib/file.h \
	src/lib/frame.c src/lib/frame.h \
	src/lib/nlattr.c src/lib/nlattr.h \
	src/lib/nlsock.c src/lib/nlsock.h \
	src/lib/prefix_map.c src/lib/prefix_map.h \
	src/lib/reason.c src/lib/reason.h \
	src/lib/utf8.c src/lib/utf8.h \
	src/lib/writer.c src/lib/writer.h \
	src/lib/writer_json.c src/lib/writer_text.c
