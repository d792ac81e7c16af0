EXTRA_DIST += \
	.clang-format HACKING.md LICENSE NEWS README.md \
	scripts/build scripts/build-ovs scripts/check scripts/demo \
	scripts/install-deps scripts/lint-kmod scripts/lint-tests scripts/room scripts/style

# Where Xen's toolstack looks for hotplug scripts.
xenscriptdir = $(sysconfdir)/xen/scripts
dist_xenscript_SCRIPTS = scripts/vif-cordon

bashcompletiondir = $(datadir)/bash-completion/completions
logrotatedir = $(sysconfdir)/logrotate.d
EXTRA_DIST += scripts/cordon.bash-completion scripts/cordon.logrotate
install-data-local: install-bash-completion install-logrotate
install-bash-completion:
	$(MKDIR_P) '$(DESTDIR)$(bashcompletiondir)'
	$(INSTALL_DATA) $(srcdir)/scripts/cordon.bash-completion \
		'$(DESTDIR)$(bashcompletiondir)/cordon'
install-logrotate:
	$(MKDIR_P) '$(DESTDIR)$(logrotatedir)'
	$(INSTALL_DATA) $(srcdir)/scripts/cordon.logrotate \
		'$(DESTDIR)$(logrotatedir)/cordon'
uninstall-local: uninstall-bash-completion uninstall-logrotate
uninstall-bash-completion:
	rm -f '$(DESTDIR)$(bashcompletiondir)/cordon'
uninstall-logrotate:
	rm -f '$(DESTDIR)$(logrotatedir)/cordon'
.PHONY: install-bash-completion uninstall-bash-completion \
	install-logrotate uninstall-logrotate

# Makes the namespaces of services.
dist_sbin_SCRIPTS = scripts/cordon-service

units = scripts/cordond.service scripts/cordon-service@.service
systemdsystemunit_DATA = $(units)
EXTRA_DIST += scripts/cordond.service.in scripts/cordon-service@.service.in
CLEANFILES += $(units)
$(units): scripts/cordond.service.in scripts/cordon-service@.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) scripts && \
	sed -e 's|@sbindir[@]|$(sbindir)|g' \
		'$(srcdir)/$@.in' > $@.tmp && mv $@.tmp $@

# In EXTRA_DIST, `check` would be the target of that name.
dist-hook:
	cp -p $(srcdir)/check $(srcdir)/demo $(distdir)
	ln -sf README.md $(distdir)/README
