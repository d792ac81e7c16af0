dist_man_MANS += man/cordon.8 man/cordond.8 man/cordon-policy.5
