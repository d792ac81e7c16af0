TESTS += tests/model/check
EXTRA_DIST += \
	tests/corpus/README.md tests/corpus/bed.py \
	tests/corpus/exceptions-nft.json tests/corpus/judge.py \
	tests/corpus/more.jsonl tests/corpus/port-security.jsonl \
	tests/corpus/make_rules tests/corpus/product.py \
	tests/corpus/random tests/corpus/random_rules tests/corpus/traced \
	tests/corpus/rules.jsonl \
	tests/corpus/rules_frames.py tests/corpus/rules_table.py \
	tests/corpus/run tests/corpus/scenarios.jsonl \
	tests/corpus/selftest tests/corpus/shared.jsonl \
	tests/corpus/test_judge.py tests/corpus/test_rules.py \
	tests/corpus/uplink.jsonl \
	tests/model/README.md tests/model/__init__.py tests/model/cast.py \
	tests/model/check tests/model/config.py tests/model/deliver.py \
	tests/model/expect.py tests/model/follow.py tests/model/groups.py tests/model/mutate.py \
	tests/model/packet.py tests/model/portsec.py \
	tests/model/rules.py tests/model/rulesets.py \
	tests/model/test_model.py tests/model/upper.py
