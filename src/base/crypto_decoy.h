/* Public keys whose private halves were thrown away when they were made: one for each usual size. Only for
 * crypto_rsa.c. */
#ifndef KASSA_BASE_CRYPTO_DECOY_H
#define KASSA_BASE_CRYPTO_DECOY_H

#define DECOY_2048_PEM                                                                             \
    "-----BEGIN PUBLIC KEY-----\n"                                                                 \
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA004yqj7cjVZZ3xIniUO3\n"                           \
    "5MwUhhglUBRtKGEbfQZzyVjVCGA010nw036jS5JiFH9DvhEzKlgLpp0C1QUSnRQw\n"                           \
    "Nhsr3Z3bWMumi9zvmXwS1uf41hro/E1LDFEkR71Z68mfl9DYcp8iAD53kTMopPfD\n"                           \
    "RiSV45YdnRPx3rc8tBSQimWGGEJQG42xZIzfXnUnuF/yyFEs9VJepGjXp+sQ+apB\n"                           \
    "7CUibLvrKLSOGMGA1gquYto8Yzm1f0LKkiwsC41HfGO3csMR4N34sbU3U6gm9jGB\n"                           \
    "cMOPkgjDmzk736CyVk5dV0ZcNFDILor2gxHdlaKuT2BjUQayLSfrY0xonDpl2phS\n"                           \
    "dQIDAQAB\n"                                                                                   \
    "-----END PUBLIC KEY-----\n"

#define DECOY_3072_PEM                                                                             \
    "-----BEGIN PUBLIC KEY-----\n"                                                                 \
    "MIIBojANBgkqhkiG9w0BAQEFAAOCAY8AMIIBigKCAYEAsehhefb9BXCuVOFzNvjO\n"                           \
    "AUwlMkbDBPt0kgsfp+tcHSl0wrP4XiDIT2Na+OgUJptFOHFqCIdtneUsbzho4YSK\n"                           \
    "l6IKyMjiWdIoMuMy9fdj4Xv6+vnKFcfAcIWs2wK82So5CGzxAn0/WTmwPPOl9K8Y\n"                           \
    "dYu7DBIaLw/tOpAVoOinLcQ6R4BLInAHsOnWxcfmm5ECnNEdakkBRfOI0r61AmQK\n"                           \
    "qsVzfIsNL3wL60UxKWJ7p9dSKWkqwdB8NhiGv9o7QPujESksb9XI5x4snqEB24pF\n"                           \
    "GotkfWvG+DISEbEGYgQMzWs4+GS8UciRuiSMt/bD29PgF6RzppA7XSGWiTgj8qNf\n"                           \
    "ZyU2m954oIWGDJvKy/+YmeP54Z5ybHVsoGHreqOL6/aH+ITriZlmjYKt1kTIpPFu\n"                           \
    "JG6z8NfAeJCsVcM18OLyzOa7jg5vII9JGvUZzQshdsDagsu0j9SHEVkE7ef/Texf\n"                           \
    "xdZOb3AL5MD/jzCtU8IApIKGPkV6v7MD49COMbfJXeclAgMBAAE=\n"                                       \
    "-----END PUBLIC KEY-----\n"

#define DECOY_4096_PEM                                                                             \
    "-----BEGIN PUBLIC KEY-----\n"                                                                 \
    "MIICIjANBgkqhkiG9w0BAQEFAAOCAg8AMIICCgKCAgEAr+Tcl6l1v9a+G06qaIwH\n"                           \
    "EMeTqa9KiOtG2AuD0OFDN/irnyimwtmTpq0kz/GuCkLe/KP4g3jYvQLM/JdudpK5\n"                           \
    "ZIZvNJOoXT8Ndqnug3emOVMj9IPEwIBkpgwEW0ah+2bZ+nJSwpwCT+hkVwRGRNae\n"                           \
    "SlSeOYJ62yHR84a0Hihz6S58uq54WH3LEk84PUC+lTmprxECXKtaMC2U36Z8YENZ\n"                           \
    "APqqFTaLhsKG1krHpFkkR2mYVxU8ChN4opuaOPLw70KMWIUTFvH5+QHLZLyL8/1O\n"                           \
    "AALx2n1NlzVR9pZFpyBaLV6KRhn7Hgj+zwbcBmjUGoB4Iz+AetbK9YxxhLiVWaaO\n"                           \
    "fyYgI/65S3ODK4/mFu2WyNJL0BpcmU8jjlkJSFmTl6YOYbyIEvTHl1n2AWNhHBM4\n"                           \
    "k41rYElUgGg04UNH23vuhPJeXUdfrgtHTDcREjrrPpAN9qp643XdYRDvC1fsChv2\n"                           \
    "5USt30dq6o35CmfxC5hKqY6Qb4O3xNV3T5/fjAc6eJ7zt0rudUjmmgZ4R/bumLX5\n"                           \
    "10F/Y2g9khX9ql3dEfMvISxTspjhQzDGrtzK7HSfLecywyGpUnhKjZH5mYfnQr7N\n"                           \
    "cRTE66vOXwsFkHMr7ZAcKe3In5rrk3CiLviFKmoIJUsaWmHOGpmH1crL4KP7vmFV\n"                           \
    "jH1PbTn/jkLe/n8OrKo9cIECAwEAAQ==\n"                                                           \
    "-----END PUBLIC KEY-----\n"

#endif
