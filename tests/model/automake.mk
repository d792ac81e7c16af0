TESTS += tests/model/check
EXTRA_DIST += \
	tests/corpus/README.md tests/corpus/bed.py \
	tests/corpus/exceptions-nft.json tests/corpus/judge.py \
	tests/corpus/more.jsonl tests/corpus/port-security.jsonl \
	tests/corpus/product.py tests/corpus/random tests/corpus/run \
	tests/corpus/scenarios.jsonl tests/corpus/selftest \
	tests/corpus/test_judge.py tests/corpus/uplink.jsonl \
	tests/model/README.md tests/model/__init__.py tests/model/cast.py \
	tests/model/check tests/model/config.py tests/model/deliver.py \
	tests/model/expect.py tests/model/groups.py tests/model/mutate.py \
	tests/model/packet.py tests/model/portsec.py \
	tests/model/test_model.py tests/model/upper.py
