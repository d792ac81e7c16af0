libcordon_la_SOURCES += src/policy/policy.h src/policy/parse.h
