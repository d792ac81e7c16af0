libcordon_la_SOURCES += src/plan/plan.h src/plan/object.h
