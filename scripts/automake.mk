EXTRA_DIST += \
	.clang-format HACKING.md LICENSE NEWS README.md \
	scripts/build scripts/build-ovs scripts/check scripts/demo \
	scripts/install-deps scripts/style

# Where Xen's toolstack looks for hotplug scripts.
xenscriptdir = $(sysconfdir)/xen/scripts
dist_xenscript_SCRIPTS = scripts/vif-cordon

bashcompletiondir = $(datadir)/bash-completion/completions
EXTRA_DIST += scripts/cordon.bash-completion
install-data-local: install-bash-completion
install-bash-completion:
	$(MKDIR_P) '$(DESTDIR)$(bashcompletiondir)'
	$(INSTALL_DATA) $(srcdir)/scripts/cordon.bash-completion \
		'$(DESTDIR)$(bashcompletiondir)/cordon'
uninstall-local: uninstall-bash-completion
uninstall-bash-completion:
	rm -f '$(DESTDIR)$(bashcompletiondir)/cordon'
.PHONY: install-bash-completion uninstall-bash-completion

systemdsystemunit_DATA = scripts/cordond.service
EXTRA_DIST += scripts/cordond.service.in
CLEANFILES += scripts/cordond.service
scripts/cordond.service: scripts/cordond.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) scripts && \
	sed -e 's|@sbindir[@]|$(sbindir)|g' \
		$(srcdir)/scripts/cordond.service.in > $@.tmp && mv $@.tmp $@

# In EXTRA_DIST, `check` would be the target of that name.
dist-hook:
	cp -p $(srcdir)/check $(srcdir)/demo $(distdir)
	ln -sf README.md $(distdir)/README
