/* What the openssl program (and, for the forged ones, plain arithmetic with the same key) made. */
#ifndef KASSA_TESTS_CRYPTO_VECTORS_H
#define KASSA_TESTS_CRYPTO_VECTORS_H

/* openssl pkey -pubout */
#define KEY_PUBLIC                                                                                 \
    "-----BEGIN PUBLIC KEY-----\n"                                                                 \
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr3dvXhNSKk8aLM1FeNXI\n"                           \
    "DiuXtKL53oAY8GI8pGnPICcE541Xf7b1dZkT2t97pJzrj4gkel/2+6MtLgPL8EXk\n"                           \
    "bfhCr1QN9uDRldWXPMrZOh1Oe6WnDPYLEVU8iDcM88CPCVovam08xJM60SDBoyPE\n"                           \
    "NdnrwGr1GAzLxD51CHQ75hZC/J2zKGgsKw2ebxZJQq9cF8n3EZ3BNFiJ2FchuaS+\n"                           \
    "xCYTbjOW6cd/XgXkz+R0Buy7ZYhipTvgxCdsFgFHn1g7BVJPwZZdzTeyaujZ3MRL\n"                           \
    "X6MYn2VLY49wtZTOmPDqcbpNhHTGxg7w2UCs7tta5H5cvMUhWvnbF0Yz/8DgAppc\n"                           \
    "UQIDAQAB\n"                                                                                   \
    "-----END PUBLIC KEY-----\n"

/* openssl genrsa 2048: a key of these tests only */
#define KEY_PKCS8                                                                                  \
    "-----BEGIN PRIVATE KEY-----\n"                                                                \
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCvd29eE1IqTxos\n"                           \
    "zUV41cgOK5e0ovnegBjwYjykac8gJwTnjVd/tvV1mRPa33uknOuPiCR6X/b7oy0u\n"                           \
    "A8vwReRt+EKvVA324NGV1Zc8ytk6HU57pacM9gsRVTyINwzzwI8JWi9qbTzEkzrR\n"                           \
    "IMGjI8Q12evAavUYDMvEPnUIdDvmFkL8nbMoaCwrDZ5vFklCr1wXyfcRncE0WInY\n"                           \
    "VyG5pL7EJhNuM5bpx39eBeTP5HQG7LtliGKlO+DEJ2wWAUefWDsFUk/Bll3NN7Jq\n"                           \
    "6NncxEtfoxifZUtjj3C1lM6Y8Opxuk2EdMbGDvDZQKzu21rkfly8xSFa+dsXRjP/\n"                           \
    "wOACmlxRAgMBAAECggEACBEVqTGaUzx/HaCLhUdPRuL/Ssg8FGwHUXxTsUOVyJKw\n"                           \
    "p5hMdbA2q0sQAg3IjngiHn913Vwmc7nEDsexB1UgQAPEBZFXwcIC0qiO1xY0i8bb\n"                           \
    "hATY5+gzGK82bOT6gwWHEekP8VyvqLIj1+fRjSdsmqTv0SEdrtcOQmG0cdC9rPmE\n"                           \
    "7IvatHI+hHYjLGtVTptE7pzYzRfxpcDdatUn7qJrdaj4tZO958nO8wCb5bYFTp0/\n"                           \
    "Vt/m0k/nkDyZ/RssewBQXQ/WW/gyPVFwdsgDy7T+VaTv2M1m5LNf2/yd8boF7sma\n"                           \
    "zKnxKBn9rra6+Z3IycQ8ZuQzG2XqAocD3VPqAaHAgQKBgQD4IqWV/nkFV+E9wZh4\n"                           \
    "GjetRzhrKFTX45jYabAushkl+K5DkdR8o3pwyqZPFZomIXkg4hvG8k5L3R+npsNb\n"                           \
    "JrOW7bMEG4zreYYfTLEuhz37EMopQY90j/Ga/XizpMWdjO7/eTmPz/2mqQi7GdfZ\n"                           \
    "VIP+AUr0/bhHY23oDovfDtoFgQKBgQC1ByiXvtqIykqxrZ+oOEJypEF+aBZ1LkW9\n"                           \
    "jhrb31+0FWk4KK0KPsNlSjTkaAs/JfwQesTd6Zh+F8AKmX0OsVgaQ+ehWqfp0jBa\n"                           \
    "a8nq1q/dQv99ULf4/Df1sGwbhPSdrRm40Fg6710lfIrK51mNyF9sg0CbvKq53Onm\n"                           \
    "N+LvONbe0QKBgFppDVpcsS3QOmKtEmfYbab2R0lMFbXf2MYppCcvf1hFhwFZtkl/\n"                           \
    "q1JDlFtGbLcuBRuFJ0fS69JajHkimxWwQUlh7JM3kp4N1l+7KufgISZElNR5bdKz\n"                           \
    "y/2EE6GpDNP+EOsG+YE78Jj0CBlcLjiiwcEgKXagp69jPB2Mh0xL9gaBAoGAXhhf\n"                           \
    "eCjDDNEhbCOUVmsP1ukcBelyquwnYfUIbvs3krKCY6d48ldXV0HwJj0Sg3tp/uLh\n"                           \
    "i3uNQRV1Q80uXMG/yr87Gfq2RupzKbzXUpLPDNJzXJ7lUa1AJRvTxaYhRAgi05aw\n"                           \
    "Fcovf3mx5u/D89eQCiZbIdg6Yau7hGfONIw129ECgYEAqYvF1jCxWGYyRPZFgJwh\n"                           \
    "3jA0UIFU4P8V6lm4clI4bZo+9vrWqX/CnQss7qhKqUaThC0J55fW3dEJrhwL4dl9\n"                           \
    "uXoBJfwNVkzkwL4Vg8jQlUCFgh/RaHcbEe3n6ajubITfgPlk2Qc8tgxsr2Jvrw6L\n"                           \
    "67GN++ClfMjPQ1JimLfAJ6M=\n"                                                                   \
    "-----END PRIVATE KEY-----\n"

/* openssl pkcs8 -topk8, pass phrase "correct horse" */
#define KEY_PKCS8_ENCRYPTED                                                                        \
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"                                                      \
    "MIIFLTBXBgkqhkiG9w0BBQ0wSjApBgkqhkiG9w0BBQwwHAQIhukfBd3tlikCAggA\n"                           \
    "MAwGCCqGSIb3DQIJBQAwHQYJYIZIAWUDBAEqBBCFFyNtRCZMz+Hg1lYxGiYJBIIE\n"                           \
    "0PwsN3dQaV8qLAs2BeLCALGbtMuFgCIIakT7gl4MDnOIQSpxEC90pZtyJgNNhkru\n"                           \
    "cEbFlwbbAh5/2I7I744NuqTu42mcN11H9BVk0nzcuoMl0apSwZJq361OUtqKF3C9\n"                           \
    "ZeG7oILpZYfTXSRLDLqd3SVr21HM4U890aU6Vk6aOieFrNXhiYzzmMaj1+TXbvPB\n"                           \
    "77pSmGTmqxzVCooGHBrHn6Oo+y6PODiKn/PbEvZHVG1jfaHVOKsTGiU0A6Muug1x\n"                           \
    "0sD3YRs08+lkKdSKk5/w7RTRYg1gUOsT9aDm247HoHz6D2uu5VLaqswOB2qnBlUR\n"                           \
    "agY7vDFz4h1bXbN5c+VgU51AzQXoFzdjaegKlq9BuclUN6NLQOX45FYqSSe3iqcS\n"                           \
    "wuqeaO/pzg4y4IyHvuiOPdIwV+l2XvyWo2xAvZ44lRh64buDQfNSKCIFEHaSc5yD\n"                           \
    "jr5toXLhHgjHoR6rDsVJ4J/UtzPnJKhQws25w3x7qsBY2oxB7Fp/0brKRIjK3AeH\n"                           \
    "qFRxCnJHGnHqcDtbHVhYYXwsHGC/SgH4CUn2b8xRVZuUe0N9ekILHyvkRrLlIVd5\n"                           \
    "l7uF4vrGvd/PPbUViyJ6nAEbqeNOnRxBAVxuehlBjOwL21NAJouB3TQzkGaCcBTX\n"                           \
    "tThXA/yYmU5lmPzXNN0PuiQStQ5Hknm5DLcOP0+/AMm8P4sIWfbO+X8LNRwqxpP6\n"                           \
    "T+/v9MH6OLpuoLvlv2JEXTUi6wTY9qcRjHq29XYTzi5w//H5PKZV9QeJyjsmp02l\n"                           \
    "Cw/JGI+CcufkCpcSbzS6vKhjWxu5u+9ifMb5+KIAtDyTFNLSXuYjXE//nDZNTIg3\n"                           \
    "MDnV6vYusMfLBNdkMZLUavvthN+ePvrVRVqbj2FBs5xNqI9Rs+vySKt6/XIu+wnP\n"                           \
    "N1Gibydk2EX1cY7QauTABCL8nzR9mm/dK4GHgLtivxSGt5RPOgsAl1IRb8RL3djc\n"                           \
    "mCYKaaPG1sBHGzOna2BB9EttW3R/0mvdfSQDMyPs4f83K567jvMZRMMJaMPifSHs\n"                           \
    "17RZTEOAA32zVgPXdyWDPZBuyYp/3K5QkV97ePLIpxZhiJe+ipxl+XacKOHEFZT4\n"                           \
    "4mgdwZMbeA0aaPd69fQ3ox5lgZ++3w1sh0FNnEhqwx6rFaaIos/rjVlb543SWtL9\n"                           \
    "kpCYouFoc6Gud0gVZFQW17PSM7D1tSSm3cuq61oChX4p2eZeLDtWKUjhdRA6sxbt\n"                           \
    "fNKr2QARbyfVxResT9EILbL9oJi2L0xtd5wc1BdBk8ZW1OUm+zdCHZWWTv+nEAx2\n"                           \
    "2JxJIXwpd5BG2qW1BF2fCkLvGY2PxmHn1RavYfKMr3UyM50oD+UM+Qsj6uZw5CQ8\n"                           \
    "YKRTvFBmPnBKuOEEOu3LbbzswqVTuFIr+vkR+JT+29qmL638llIkIUIkza3ul3az\n"                           \
    "DZbu6Fy8Iot7aCVGTC05zbUdfk8FMWUyCktU4kLHm9dYD5kSD7WVXu12wGgCDTKV\n"                           \
    "w/DlzaS/drpU3rm99g4b6iIp8/RnYa/4dDDcYhQfIrl2LYlz8+RzbNYcZfesMmmQ\n"                           \
    "pX89OpBcy/Z4Wn6AUkM+947bqpwPQ4gljWztfIOCq6UvelvXgyoFodrWWZyY8K8Z\n"                           \
    "PpnYspnJ2CnsaO3ADxWxyAD7bMhty0YcxPbZxxAuJI4f\n"                                               \
    "-----END ENCRYPTED PRIVATE KEY-----\n"

/* openssl rsa -traditional */
#define KEY_TRADITIONAL                                                                            \
    "-----BEGIN RSA PRIVATE KEY-----\n"                                                            \
    "MIIEowIBAAKCAQEAr3dvXhNSKk8aLM1FeNXIDiuXtKL53oAY8GI8pGnPICcE541X\n"                           \
    "f7b1dZkT2t97pJzrj4gkel/2+6MtLgPL8EXkbfhCr1QN9uDRldWXPMrZOh1Oe6Wn\n"                           \
    "DPYLEVU8iDcM88CPCVovam08xJM60SDBoyPENdnrwGr1GAzLxD51CHQ75hZC/J2z\n"                           \
    "KGgsKw2ebxZJQq9cF8n3EZ3BNFiJ2FchuaS+xCYTbjOW6cd/XgXkz+R0Buy7ZYhi\n"                           \
    "pTvgxCdsFgFHn1g7BVJPwZZdzTeyaujZ3MRLX6MYn2VLY49wtZTOmPDqcbpNhHTG\n"                           \
    "xg7w2UCs7tta5H5cvMUhWvnbF0Yz/8DgAppcUQIDAQABAoIBAAgRFakxmlM8fx2g\n"                           \
    "i4VHT0bi/0rIPBRsB1F8U7FDlciSsKeYTHWwNqtLEAINyI54Ih5/dd1cJnO5xA7H\n"                           \
    "sQdVIEADxAWRV8HCAtKojtcWNIvG24QE2OfoMxivNmzk+oMFhxHpD/Fcr6iyI9fn\n"                           \
    "0Y0nbJqk79EhHa7XDkJhtHHQvaz5hOyL2rRyPoR2IyxrVU6bRO6c2M0X8aXA3WrV\n"                           \
    "J+6ia3Wo+LWTvefJzvMAm+W2BU6dP1bf5tJP55A8mf0bLHsAUF0P1lv4Mj1RcHbI\n"                           \
    "A8u0/lWk79jNZuSzX9v8nfG6Be7Jmsyp8SgZ/a62uvmdyMnEPGbkMxtl6gKHA91T\n"                           \
    "6gGhwIECgYEA+CKllf55BVfhPcGYeBo3rUc4ayhU1+OY2GmwLrIZJfiuQ5HUfKN6\n"                           \
    "cMqmTxWaJiF5IOIbxvJOS90fp6bDWyazlu2zBBuM63mGH0yxLoc9+xDKKUGPdI/x\n"                           \
    "mv14s6TFnYzu/3k5j8/9pqkIuxnX2VSD/gFK9P24R2Nt6A6L3w7aBYECgYEAtQco\n"                           \
    "l77aiMpKsa2fqDhCcqRBfmgWdS5FvY4a299ftBVpOCitCj7DZUo05GgLPyX8EHrE\n"                           \
    "3emYfhfACpl9DrFYGkPnoVqn6dIwWmvJ6tav3UL/fVC3+Pw39bBsG4T0na0ZuNBY\n"                           \
    "Ou9dJXyKyudZjchfbINAm7yqudzp5jfi7zjW3tECgYBaaQ1aXLEt0DpirRJn2G2m\n"                           \
    "9kdJTBW139jGKaQnL39YRYcBWbZJf6tSQ5RbRmy3LgUbhSdH0uvSWox5IpsVsEFJ\n"                           \
    "YeyTN5KeDdZfuyrn4CEmRJTUeW3Ss8v9hBOhqQzT/hDrBvmBO/CY9AgZXC44osHB\n"                           \
    "ICl2oKevYzwdjIdMS/YGgQKBgF4YX3gowwzRIWwjlFZrD9bpHAXpcqrsJ2H1CG77\n"                           \
    "N5KygmOnePJXV1dB8CY9EoN7af7i4Yt7jUEVdUPNLlzBv8q/Oxn6tkbqcym811KS\n"                           \
    "zwzSc1ye5VGtQCUb08WmIUQIItOWsBXKL395sebvw/PXkAomWyHYOmGru4RnzjSM\n"                           \
    "NdvRAoGBAKmLxdYwsVhmMkT2RYCcId4wNFCBVOD/FepZuHJSOG2aPvb61ql/wp0L\n"                           \
    "LO6oSqlGk4QtCeeX1t3RCa4cC+HZfbl6ASX8DVZM5MC+FYPI0JVAhYIf0Wh3GxHt\n"                           \
    "5+mo7myE34D5ZNkHPLYMbK9ib68Oi+uxjfvgpXzIz0NSYpi3wCej\n"                                       \
    "-----END RSA PRIVATE KEY-----\n"

/* a key of 4096 bits */
#define KEY_4096_PUBLIC                                                                            \
    "-----BEGIN PUBLIC KEY-----\n"                                                                 \
    "MIICIjANBgkqhkiG9w0BAQEFAAOCAg8AMIICCgKCAgEAmknRieSa7fQqB0JHuO+b\n"                           \
    "M1M3cBn3zSx63p6dZ+Xsv12UWN+1Zyq86NpKqrCB5bhLzjfywwQxGGoeE2Y+jowD\n"                           \
    "PipO4VOz+6s2cPMCii8z3/7tEnK8AQB7nm88hUNoFtDcTzx9lkjUb5nszUvb8xzy\n"                           \
    "obIWMmgqduIPYfwJiy1ccW/gx53fyT26/iznoT6Vjg2znRL3imQJaYsrSaVQv5ho\n"                           \
    "8/oD9O+Wmvo+NGcFWk58u42cDYhuuUvt0+8kwpKGHLhV8tZ0e+hJgmXrRotl1w3P\n"                           \
    "AkiKoi3q1jVOqbEUDU14xvFtKx8F9H5/FIX4xD3ihSWjDcgkPB96nteutIHOkxll\n"                           \
    "pSlhSQCkRGI1Z1oAt+3SxEtuzttRo1kB2YIC6O9zN57NkGmMck5/QsGkGU8J3Zu7\n"                           \
    "6sQkO/YcKFcHihAcb+i45DhON3cB0XjmcIfZOeuxT5EjFHOFmPuEWIa9ECNISiBX\n"                           \
    "4Rp3pS2Xbdc5ZQqRMND7h98lDwVXAvpJWMX0BWHAXDjB9miKjERI+VXMmgYuaatX\n"                           \
    "Cb4rXnL9k2GlFCXD2P+ABMyMhX9Bl1BRWBFY0hWbLmzv3NFnPK7YONdh04RbQdrD\n"                           \
    "2or7RZEkQeyE5Gvh2GMfhPQ1HtJaeTN35tES7W57iHRU5rFiSc2yQFHnHMOdaYpv\n"                           \
    "sxGqi4zwkLXQLfy+1Lil5HkCAwEAAQ==\n"                                                           \
    "-----END PUBLIC KEY-----\n"

/* a key of 1024 bits */
#define KEY_1024_PUBLIC                                                                            \
    "-----BEGIN PUBLIC KEY-----\n"                                                                 \
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCwzX8lddIapYiK1fv7iuCqVW9M\n"                           \
    "L0L/ECP72ZmijzBba2l6jazmEr2dPt4W+c2sdZuybuR892D+hhDCzvVDAMuelHu4\n"                           \
    "72qGfdfy+03zWCcXMBI4YRTSwm5wu+gPLRaS0Nd1EmGsqAt8Th1ycXNca6riehLO\n"                           \
    "FaMlsQn2E2E+oghrlQIDAQAB\n"                                                                   \
    "-----END PUBLIC KEY-----\n"

/* its private half */
#define KEY_1024_PRIVATE                                                                           \
    "-----BEGIN PRIVATE KEY-----\n"                                                                \
    "MIICdwIBADANBgkqhkiG9w0BAQEFAASCAmEwggJdAgEAAoGBALDNfyV10hqliIrV\n"                           \
    "+/uK4KpVb0wvQv8QI/vZmaKPMFtraXqNrOYSvZ0+3hb5zax1m7Ju5Hz3YP6GEMLO\n"                           \
    "9UMAy56Ue7jvaoZ91/L7TfNYJxcwEjhhFNLCbnC76A8tFpLQ13USYayoC3xOHXJx\n"                           \
    "c1xrquJ6Es4VoyWxCfYTYT6iCGuVAgMBAAECgYEAjFZROjbPUv9Z5nn7zapqskmm\n"                           \
    "Ul6hWzxAk8QhQvtNcwNLck/KkcUGZS5lsu8N5npj37pN+zOQ9fcMjtUfsNOMyzxj\n"                           \
    "fFxZU98BVyDcJRuMqVRj2FGxE/K3ulRPInL32BIWXD0CCeBSBlr3pdBMtScmaygf\n"                           \
    "UZrVWZg+GIVwHxuZt/ECQQDmBcxDL+s4F0xBgRCkz42NSzQJ42Y3AoqO0N7ap/gs\n"                           \
    "CQV8HrjarWUpyIvUdcRi0CXTLPxmmlIPCuhrGucKo+P7AkEAxMUNr1SwDtN/rhx2\n"                           \
    "FOkVDsMYoMSKJsZnhjxM8/QmamPKzyOjsYOds6+LklQpA2xulubLePIq3iJ7a/Uj\n"                           \
    "0mdJrwJAMBdqO2nbXeDRGqjnV+3lBHOCr8aRalLnsTBOR5zysBI6yVaLA31ZN0Es\n"                           \
    "qwDsTFSEdABlzPXazjZTnYEEaR8W3QJBAJ4vhFblkDv7D3QbcVpSHxmlAhGMrzuI\n"                           \
    "2QTzSTH9nzx8STjI//nfQ1KG13+lpOsZqrYpiH4MwSWfNvWNN2UYoAUCQFu+ajbD\n"                           \
    "A/vlUUeMCoS/Xmdlk3E0DpPRo73BvyCGpQWfy497P4ZuOv5yJ6lohGgVWVXTt7So\n"                           \
    "UThwqXGs1ETy9ts=\n"                                                                           \
    "-----END PRIVATE KEY-----\n"

/* 2048 bits, public exponent 3 */
#define KEY_E3_PUBLIC                                                                              \
    "-----BEGIN PUBLIC KEY-----\n"                                                                 \
    "MIIBIDANBgkqhkiG9w0BAQEFAAOCAQ0AMIIBCAKCAQEAswM2YuyFsNo2GkE2sSAV\n"                           \
    "z7Mmoq08mZYTlKvyMedmYq16Cp69D2D5HoFZaZ7Atl9GCEfq+FQGXchOarHitRmH\n"                           \
    "uj8/Ei3i4EP07mMt+m9+H8pgqEex2ctrwvHHpYW1pd2ut1hFCaJQ1VFdRc6EbkZE\n"                           \
    "vhtgJTzRgQQZ+0FAvSLPeUQoqdVIQc2TMY0WH4jl/fV7SNLjr5MlCcovoUWoLo/7\n"                           \
    "lRy89oHfhyLiEuoqN/AdTgzXD59+uC+bZ0DieDtYK1QsT60tpVjHZpN+zWhA1Dkr\n"                           \
    "+41+aqKspuzvAW4adQ9Nr1tOhQr3aptxWWLh951Xp7jzvkBVXTFaplMkHlsTuF8p\n"                           \
    "DQIBAw==\n"                                                                                   \
    "-----END PUBLIC KEY-----\n"

/* a key of an elliptic curve */
#define KEY_EC_PUBLIC                                                                              \
    "-----BEGIN PUBLIC KEY-----\n"                                                                 \
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE4ZZmJFMb3f3ekbc1gZ8qA9zs88B/\n"                           \
    "9Zv732/wHjV4/xZvqpM2fzZ2s09SOiPke/FdZRhD/vGk5ofB9zMR69gWrg==\n"                               \
    "-----END PUBLIC KEY-----\n"

/* its private half */
#define KEY_EC_PRIVATE                                                                             \
    "-----BEGIN PRIVATE KEY-----\n"                                                                \
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgLAS5yRim6SYIX/aL\n"                           \
    "V8kJGOd/tJlALqnmGjNIoqMcurKhRANCAAThlmYkUxvd/d6RtzWBnyoD3OzzwH/1\n"                           \
    "m/vfb/AeNXj/Fm+qkzZ/NnazT1I6I+R78V1lGEP+8aTmh8H3MxHr2Bau\n"                                   \
    "-----END PRIVATE KEY-----\n"

/* KEY_PUBLIC as BEGIN RSA PUBLIC KEY */
#define KEY_PKCS1_PUBLIC                                                                           \
    "-----BEGIN RSA PUBLIC KEY-----\n"                                                             \
    "MIIBCgKCAQEAr3dvXhNSKk8aLM1FeNXIDiuXtKL53oAY8GI8pGnPICcE541Xf7b1\n"                           \
    "dZkT2t97pJzrj4gkel/2+6MtLgPL8EXkbfhCr1QN9uDRldWXPMrZOh1Oe6WnDPYL\n"                           \
    "EVU8iDcM88CPCVovam08xJM60SDBoyPENdnrwGr1GAzLxD51CHQ75hZC/J2zKGgs\n"                           \
    "Kw2ebxZJQq9cF8n3EZ3BNFiJ2FchuaS+xCYTbjOW6cd/XgXkz+R0Buy7ZYhipTvg\n"                           \
    "xCdsFgFHn1g7BVJPwZZdzTeyaujZ3MRLX6MYn2VLY49wtZTOmPDqcbpNhHTGxg7w\n"                           \
    "2UCs7tta5H5cvMUhWvnbF0Yz/8DgAppcUQIDAQAB\n"                                                   \
    "-----END RSA PUBLIC KEY-----\n"

/* the modulus of KEY_PUBLIC with exponent 1 */
#define DER_E1                                                                                     \
    "30820120300d06092a864886f70d01010105000382010d00308201080282010100af776f5e13522a"             \
    "4f1a2ccd4578d5c80e2b97b4a2f9de8018f0623ca469cf202704e78d577fb6f5759913dadf7ba49c"             \
    "eb8f88247a5ff6fba32d2e03cbf045e46df842af540df6e0d195d5973ccad93a1d4e7ba5a70cf60b"             \
    "11553c88370cf3c08f095a2f6a6d3cc4933ad120c1a323c435d9ebc06af5180ccbc43e7508743be6"             \
    "1642fc9db328682c2b0d9e6f164942af5c17c9f7119dc1345889d85721b9a4bec426136e3396e9c7"             \
    "7f5e05e4cfe47406ecbb658862a53be0c4276c1601479f583b05524fc1965dcd37b26ae8d9dcc44b"             \
    "5fa3189f654b638f70b594ce98f0ea71ba4d8474c6c60ef0d940aceedb5ae47e5cbcc5215af9db17"             \
    "4633ffc0e0029a5c51020101"

/* the same with exponent 65538 */
#define DER_E_EVEN                                                                                 \
    "30820122300d06092a864886f70d01010105000382010f003082010a0282010100af776f5e13522a"             \
    "4f1a2ccd4578d5c80e2b97b4a2f9de8018f0623ca469cf202704e78d577fb6f5759913dadf7ba49c"             \
    "eb8f88247a5ff6fba32d2e03cbf045e46df842af540df6e0d195d5973ccad93a1d4e7ba5a70cf60b"             \
    "11553c88370cf3c08f095a2f6a6d3cc4933ad120c1a323c435d9ebc06af5180ccbc43e7508743be6"             \
    "1642fc9db328682c2b0d9e6f164942af5c17c9f7119dc1345889d85721b9a4bec426136e3396e9c7"             \
    "7f5e05e4cfe47406ecbb658862a53be0c4276c1601479f583b05524fc1965dcd37b26ae8d9dcc44b"             \
    "5fa3189f654b638f70b594ce98f0ea71ba4d8474c6c60ef0d940aceedb5ae47e5cbcc5215af9db17"             \
    "4633ffc0e0029a5c510203010002"

/* the same with an exponent of 81 bits */
#define DER_E_HUGE                                                                                 \
    "3082012a300d06092a864886f70d01010105000382011700308201120282010100af776f5e13522a"             \
    "4f1a2ccd4578d5c80e2b97b4a2f9de8018f0623ca469cf202704e78d577fb6f5759913dadf7ba49c"             \
    "eb8f88247a5ff6fba32d2e03cbf045e46df842af540df6e0d195d5973ccad93a1d4e7ba5a70cf60b"             \
    "11553c88370cf3c08f095a2f6a6d3cc4933ad120c1a323c435d9ebc06af5180ccbc43e7508743be6"             \
    "1642fc9db328682c2b0d9e6f164942af5c17c9f7119dc1345889d85721b9a4bec426136e3396e9c7"             \
    "7f5e05e4cfe47406ecbb658862a53be0c4276c1601479f583b05524fc1965dcd37b26ae8d9dcc44b"             \
    "5fa3189f654b638f70b594ce98f0ea71ba4d8474c6c60ef0d940aceedb5ae47e5cbcc5215af9db17"             \
    "4633ffc0e0029a5c51020b0100000000000000000001"

/* a modulus of 2047 bits */
#define DER_BITS_2047                                                                              \
    "30820121300d06092a864886f70d01010105000382010e00308201090282010057bbb7af09a91527"             \
    "8d1666a2bc6ae40715cbda517cef400c78311e5234e790138273c6abbfdb7abacc89ed6fbdd24e75"             \
    "c7c4123d2ffb7dd1969701e5f822f236fc2157aa06fb7068caeacb9e656c9d0ea73dd2d3867b0588"             \
    "aa9e441b8679e04784ad17b5369e62499d689060d191e21aecf5e0357a8c0665e21f3a843a1df30b"             \
    "217e4ed99434161586cf378b24a157ae0be4fb88cee09a2c44ec2b90dcd25f621309b719cb74e3bf"             \
    "af02f267f23a03765db2c431529df06213b60b00a3cfac1d82a927e0cb2ee69bd935746cee6225af"             \
    "d18c4fb2a5b1c7b85aca674c787538dd26c23a636307786ca056776dad723f2e5e6290ad7ced8ba3"             \
    "19ffe070014d2e290203010001"

/* a modulus of 4104 bits */
#define DER_BITS_4104                                                                              \
    "30820223300d06092a864886f70d010101050003820210003082020b028202020080000000000000"             \
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000"             \
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000"             \
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000"             \
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000"             \
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000"             \
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000"             \
    "00000000000000000000af776f5e13522a4f1a2ccd4578d5c80e2b97b4a2f9de8018f0623ca469cf"             \
    "202704e78d577fb6f5759913dadf7ba49ceb8f88247a5ff6fba32d2e03cbf045e46df842af540df6"             \
    "e0d195d5973ccad93a1d4e7ba5a70cf60b11553c88370cf3c08f095a2f6a6d3cc4933ad120c1a323"             \
    "c435d9ebc06af5180ccbc43e7508743be61642fc9db328682c2b0d9e6f164942af5c17c9f7119dc1"             \
    "345889d85721b9a4bec426136e3396e9c77f5e05e4cfe47406ecbb658862a53be0c4276c1601479f"             \
    "583b05524fc1965dcd37b26ae8d9dcc44b5fa3189f654b638f70b594ce98f0ea71ba4d8474c6c60e"             \
    "f0d940aceedb5ae47e5cbcc5215af9db174633ffc0e0029a5c510203010001"

/* Signatures of KEY_PKCS8 over MESSAGE. */
#define MESSAGE "{\"order_id\":\"A-1\",\"amount\":\"100.00\"}"

/* openssl dgst -sha1 -sign */
#define SIG_SHA1                                                                                   \
    "6570672fb9990a59f27cd9e40351978b1cc331fb3ac4acc1f4ccc1c0e37f390b1b2b3bcdf92da108"             \
    "35ac2001a96a7f418aad2ed32ed54064606e6885872928ee2821283da1b907ff3170f4bc0f58dad2"             \
    "09551002b596d579347aa1cc2744bae80758f65ea53a04574d09e3effb68d6bd4ffc9310e8067886"             \
    "d1b7497b704c198d3ead647ac9cd093f7e9a1575bc81ed14ff63270c9c472c6109c8d91cb4ecfdd0"             \
    "1629b6893546a996baff36201b5d0edba07312490d495854fe8a1af8eaf7e30a04bb80fbbf883288"             \
    "84419471e6538c8ed4b05e235ea96505c9ca841c36934ad792c9b46284b7ed0a8e9561a76032fe67"             \
    "1fca28f1cce5389eae14cc9e2aa05362"

/* openssl dgst -sha256 -sign */
#define SIG_SHA256                                                                                 \
    "9f7f42814de32c93e629acf7016b1b41ed36e91b6007521112972fd89863eb3cad5c4f4030dc12fc"             \
    "3034895f7d203a314f9de4ffdad12fdbd58f2d060779fe58efe1d3600ad6ad06a8020a1038b96775"             \
    "0030ed4eb01e0c0abd04af47c10033edd897db67abb758fd95ef9487983d56d1ad1b58bbfaeb66a7"             \
    "772b8b37cd7e1705655478cbf2d725a7839391e0b52046d7de08c1e614eb1c119a4a75081e561b89"             \
    "5f18ee8bddfe049aebd70cc83b228cd6949e28bc448a5bbda7ac6e442d8071d8352c4a17ef477cf9"             \
    "f31a887f5ed08d25ba38ca6d14dd2b94772fc1905ad5ddc9eef91aa51854669a2dbd9ff571262bb6"             \
    "57951732d70827dcf3aa0623711c5d19"

/* openssl dgst -sha512 -sign */
#define SIG_SHA512                                                                                 \
    "600d144f738d70a4da1eb2315c84b5c3da383675da24c12d4981a5fcab78e368f8d0a88000dcf4b4"             \
    "1f7a79b2d96215198cdd7c8a861be06c587d0b2dcc33a6185002dfca757eb6d613fa16055684dc59"             \
    "20e38156cf6f5a743e4182a3ef78eb30f55e648be4b000da749656941ec642b682e1f34475e8aaba"             \
    "606fae06ff047c2cd19329eb0fd2c267a39b1198bfa8f6e8539d7f2ccca2e0f23e92556ae37832c1"             \
    "77573b577e4dca50523c09f3a5c99fa065bf982c1f0fa40e0379c07ec24ece8d8ffa5790e8091b03"             \
    "8b505d6327946eef168a7ad0798db4cf616c44da53a711308d4ee7b3681772e33737ca625cb8ad4d"             \
    "1b9f5db8d729b100a59b68398060c8cb"

/* openssl dgst -sha224 -sign */
#define SIG_SHA224                                                                                 \
    "0b25315fdb61fd44f664fa8f8c3bc9bd9b2fb52f7432787694a3caf7cd422a13cb5d68ce7ba4cfd9"             \
    "a752beb0e63756834212c36457772532522a427093e73d904f5ff601c8f32220518a9eb5ad25d312"             \
    "339a8173165a9144a6605b69ef56d5aab3e3482d52219ef6d0d6084e80ef3dc464773908c35903c0"             \
    "d20db738291ca3ef8da9989338675a13e6fbbedf7072860728beb3fa92c844408337ca4a02178851"             \
    "3b1f4fd91b3945fc90e9a417e5d53d3396fee5440f2f7d7e426f7d1bd846cdf43bd1745eda1f67e4"             \
    "294f4946d12abce8b2f7682d62210f34ce496bd39def4c65bd5ea1a9ac455966bdf073a57a70e96f"             \
    "6579597b9dbd48d0a6119e7c73b808a3"

/* openssl dgst -md5 -sign */
#define SIG_MD5                                                                                    \
    "83bfc1422d0de9f6e37791e8cc337448730b94018ffdba833a66796df5ce5d4c04de98d8b59cbcdd"             \
    "371419d138a6b5b5434712ffd09700b49cb3af31579b071c67cfca903043f182a88f6e960099ca64"             \
    "2cd458db15402b637b7f22fb4a911302b4cf77d2fb63cd5874544bcab7916c3dd3ec470a2c0bcc47"             \
    "8751cc510b5eaa57dec9ceca2669f62f0d42fa9d6847df37e4a173616f051e6acd30f1a7722f7c46"             \
    "dd28a47550762e5a43a6b2a20bf07f5da994922def505ebf5c4a8639faebe6bc279164ad2e18aaaa"             \
    "beb7cfe5411d94f3b731489d954d9a9638ab0f31c00be4a1062c7f1dad158bd15b0533c9ac49b075"             \
    "7fafdc3e897bb74baf7dd006feca75d4"

/* openssl dgst -sha256 -sigopt rsa_padding_mode:pss -sign */
#define SIG_PSS                                                                                    \
    "31647cac821c2a0a1498808a4fa53df467f85bdc08c1217c4b077165588e3084d0651a29d57e1070"             \
    "af0aa1a586c0d7a1f53ee65bb0c363be3acefe9746f52f7e30c180c3b713c16a3cf178adae24d40e"             \
    "22bd37ede0d3657b97c5e69d9a6c3f2a36818054cc7fbaf01bba72f9febf13d90b3e1cb76f0f6f8c"             \
    "df3e3c12e4a475472b9614db9f3c6b094a42de0a5445a53aa4062ff86a5135b18edc1c92ba0f2bdf"             \
    "218662274d17fd27c85352bc076a3fb3f2db5d4630aee5cc8364397292264c8e69e8f315183577ef"             \
    "c85a301dd60e10dc303b554163db30efaec835638debaa3065ac3c52fcc7f3952f47cc1aa943e520"             \
    "37976e2d14a07dd13e081fac3dbd9d34"

/* by the key of 4096 bits */
#define SIG_4096_SHA256                                                                            \
    "8c5a2a13918eb63956a8e490becdfc2cb5027e91bc7b4346230d051f0baafa47662c9b66c9f3dea0"             \
    "1567d60e592f321eb6828895bfe3941b071c6cd9c879f31e7e8f3970bf820b5242eb330ff0783d6b"             \
    "c77ec07020bf5bba73e6d960422ce5de6d3bbe4aa239067cb46c39318efd5b4bcff04f597bf8d6c0"             \
    "a279d4ac1f99371ced0c6ec46c8f92eee28b6ccfa9c9ecc822dd87d594904c1255721f547a71e1c6"             \
    "c22f1746fadbc2a7356a14d69b21b5e71dfcb0752ddb8ec57efa91a5a8fceb873fd428933738e0bd"             \
    "ae46fbd4133b8e10b4c6b57c46339a3f0a967f90143b1f9b05357e4d0475231602cb5f73482f933c"             \
    "14fa39ab9a83403b9c787c3e8dcdd9dc635f490a440f66ca1c6b155fc79dc6376afac709524e51f0"             \
    "3c3bfd2ecc521892bf2690fa2701e55a7073bc1ae2f6abed855c09d5888dc19bac6c93b02f66dc4f"             \
    "a03dd5e0a6a6f7622a2985b0c75910abeaa8b2f20421401a5690fcf26862359720c62e3c0c7b09df"             \
    "0ecd3dc9dc47d8cc7e9da74e844a053c8d3b9634f5ac5f544936e51332e34afdd48091cf6bf775a4"             \
    "43abc5b08370a312807e9c9b436456d3d310106b07a3d66b186e66746d2e3c573b7a895aeaf3e283"             \
    "d5caac059c6a19fd674118d9c2910123d782777fd8ead33325042da565af275d928abde68867155f"             \
    "7634bdcc99e9cfd4b2acf6457fd61895bd0d2f38b3e6793a980aa4ff0011a089"

/* a zero byte behind the DigestInfo */
#define SIG_SHA256_GARBAGE                                                                         \
    "78aa8306e7465b8fe5f3376410039ec69492bc14ba1271d419d63d8da213a77d6e7ebb11e77b9aaf"             \
    "9d633189d9237ba16fe852fa850af9a432a13ae6df3833f2b1bf3cdeefd84cc9ca039f71437d6eb4"             \
    "4beeefc664184406dd5da25bd46753457a0b3b57ae35ace236eef0be5a2f0780822f42159241ccef"             \
    "a96cf5e0af14d8dcc8ae183d48616a84671fbec1f0f5268c3f6b8f0c1edc971b006010995a78ea7c"             \
    "4feb5fe35f8df2c8d01b783396bb23d4faf35b91d9118d9d5eda305b4eca8e5d9ece949eda6869f9"             \
    "f1bbd9d4ba5f496f4a8fb44d9e6a8084f616d05fc7343ed2a287df62747f8f6a1aaab14b97c3962b"             \
    "7e931b08475e4fe85417a37d47009bac"

/* 8 bytes of padding, then the DigestInfo, then garbage up to the end */
#define SIG_SHA256_SHORT_PADDING                                                                   \
    "6b0a3ab897d1fe17df2e3e4680db8a0c5b90d0284eaf93e6d01ce9355056a0470a7e0c595df0f586"             \
    "20d6a79af339972c18a11680c8257526127755dbf40e53cba235914545b329aba6b1efe967bd66b5"             \
    "9092a9d05efe7192fb2a3eefa546a72a82de46f83143d69b7397eaa5a1410f8b53df8511f2bb0f52"             \
    "f542c854d6bf98f93539a7af27ba93e2e62b70e8a176d4e9a8622ede78dcbcb381f9f5848678001b"             \
    "93bb23a3395a8b46e88a0e90004575fbd0916d400a615339d0b740bd953ff98390987a500aca0ac2"             \
    "c549bd670015cd5f4b3c1e358914be35639fa5260918c5c91d71fbbe2ca227fce4280e79f601d292"             \
    "8892c4aeda791dc9a6941f3d88761aed"

/* no parameters in the AlgorithmIdentifier */
#define SIG_SHA256_NO_NULL                                                                         \
    "39908d6e6f6bdc4bb03039f947fe6361e2e2f2c7e8bada97e30ad45f9af0299d8d71295f78fdb084"             \
    "3e4eefd0267b564de05c15476530399779397ffa0d27fd9afb829e9a9411c6eaa1a766e2a216714e"             \
    "1f2885d207e3622f8f3550f76d1fb3dfe78aaed25ef28d1e0063e2105d2d7021c0c7e1748038b586"             \
    "35fd92ec5bab4f58636c08041de7ed4c15820e971f7cb1e92c61c8de66460a8da3b4db80261faf20"             \
    "81bd4b925adcf3f63db88a5200ad0dad291305b25c1468aee4c3a9861d28bb824b9f05dc60ad379d"             \
    "b23708a34cf3c0b4798ef80f5ed335473fe0a10056b9bbe6c80876bf249041f2be428e84d4466f69"             \
    "d687f9f8b01ea5b3dc152563a536329a"

/* SHA-256's DigestInfo around the SHA-1 digest and zeros */
#define SIG_SHA1_IN_51                                                                             \
    "a49feb3fd644377f5a57b1ea5767153ed27c3f8da52fe1968c9182c46b3e78e3141fcb8b62555899"             \
    "50378150bdfab6b0c4017368c33c149779749ab5206d107c7dc85dddd3b5cdecfa8cf423a2b62c9b"             \
    "ba6d94126cc68276796c60bae4bb968433ec58d3c72c90cf759e45b8dc852e43d860dd1b68f334b5"             \
    "d07801955ee472590961bc56918a044d3de33d60fd34fbb33f47307ead1c28048644e07cf3889532"             \
    "1350b14c8d5f959f120b7f67277bdb8f31739ab5288de66e48753bb9be71e0f5cf0b21ef15ce9618"             \
    "4e081d0e14658ac81f932f36eb3706a00b007bcc973b556995169a5450ab3f37006d9a24fe2a24e6"             \
    "7c5d3f2332ac3a8ef2386d6f9ab7e239"

/* the digest without a DigestInfo */
#define SIG_BARE_DIGEST                                                                            \
    "40c3f0341e59b4a14a34d21f1961890b664cf355e0a0e3dc23a4a188ac7618e070804a54a51a6f90"             \
    "974ca41673f419e60d681686768627d97655eadd2ae193b1dd887e9ca8864a5202e9cc4bd6f7d054"             \
    "be0a13c474f090fa92858bd39f12429e9d31630ed90bb92ff9a4824c74c0b60533943789f6f2e843"             \
    "60d34112b7923fd1150be83142011c3654f5a3d9cd02fdf85af5c9d588281f4d6c8129a67caa88c7"             \
    "7cdf254e99fddb13c2a070f3afc6f3ec0db15bfbace1ea24ed8c7f031d998965292243b90c0be26d"             \
    "e857836d72c6df5b0066675b72a5982675065c922f2d8728b7221355fa7599021230a9ee3f58799a"             \
    "ec80a387547d3c1beaf9482f49f72934"

/* padding of block type 2 */
#define SIG_TYPE_2                                                                                 \
    "382c75eded6a1aae8f65ced4cac80e3a8c051a7459151f875cf24b5f01debdadf38b46bdb89d914c"             \
    "fdc3c0adc20aa7f649e5e6b9103fb0d2642c4f22c6944cc746eea482dd0f5a63340c9d51a2f31bcb"             \
    "1705040e70fb9c32193dc6760cb1bfb3ad0af7a32468799174497b9f71f916085a9143dd76e5d5ee"             \
    "088ab4760429bbdb4c204579f37248f95d27bc3295b018d443bab50172f5a62530c5fbf554aec488"             \
    "10c238fe446f3334793e03195ba61eaf45073998fd89d70f4180c63279821c876eab6484811e6663"             \
    "1fa8ca040b1cf7b052bab9ec6c8f86e1666074a6e9aaefdc3a1670446df13ebed450d5e6f034e81a"             \
    "638918a925cf378d82bdc07e455a6c1e"

/* A message whose signature begins with a zero byte. */
#define MESSAGE_ZERO "{\"n\":61}"

/* its SHA-256 signature */
#define SIG_ZERO                                                                                   \
    "00e48350136458ef6042b83c491d0cee45641e1ba2632aa5d901e24e766dbf52656a15cff249f1a7"             \
    "07c3e3d3321a121cffb07fdca2a61a14e885871c502570f431057ca3f3f17327760c9794b0c1765e"             \
    "56d5f84c036fef7b466801388d7425a2967153546de219fbc1a395d709ed57d6dabf1779252e87b4"             \
    "f4a699a9e23c2f3f4b539d13cf5aa1acf83639764d4a31bfec54044df94a644133c8d34bb94bc84e"             \
    "29feea0f682f922014c561b79578de17e0f78a6b00e1b2c1093990f78bce96dd8e7c965beb0b9ec2"             \
    "38f00c3d6c2dd9e25ad4ef11e184b7b1b5c493bb93994e943d97274769149b46bdba7ebd9773147c"             \
    "eaec9df3048866e7c93ba15cc8c9cd14"

/* the same number plus the modulus */
#define SIG_ZERO_PLUS_MODULUS                                                                      \
    "b05bf2ae26b6833e7a6f8581c1f2d4fc70fbd2be9c41aabec9641ef2e03cdf796a51a3277200e71c"             \
    "a0d7beb2adbeaf088f38a457029d15b815b38ae8406b556229482bf801e853f90be22ed17b9ab07b"             \
    "a5519df31065fa8c9ba4896f9a67e6319fcb82bedb1ede8efc74b698ad111c0cb4aad7e41a469480"             \
    "b8e50eb2567815558e503ac6f7c2cdd805d4a88c968ce11c041dfb5f970b9899bda12a6d72f08712"             \
    "50125842ff19599f72cb468779ece5049c5d12cda61d938530a5a6f8d36def1893cee61d81696bf9"             \
    "eb5af51748f22541fded8e772ce847226b5962548483c04e8b1b9c0e2f238c1ffe676d98f25792d9"             \
    "a7b1bf4dfe637e2dfd3b623ccb642965"

/* openssl genpkey, of 2050 bits and with the exponent 0xE000000000000001 */
#define KEY_ODD_PUBLIC                                                                             \
    "-----BEGIN PUBLIC KEY-----\n"                                                                 \
    "MIIBKDANBgkqhkiG9w0BAQEFAAOCARUAMIIBEAKCAQECe6Zd6fLpVkyME9pvDucB\n"                           \
    "8Kanee4AeekAeH0NtuPNhj/LW/daPC2wPd2Gss9FlmnTyIE5MrKkl7skb61H8J58\n"                           \
    "s3tPUQiM8vlyP9b3FyitKeZVQizUboNsyT3C57WFNLNhAJ/BQPAIkH9qrySMh/Sn\n"                           \
    "Q5iG9yHkDnW2hFQUuRrWDpLXcY5mrGdoUpIJjOndYqEU7sMa8KhX1IJezU9QaF9B\n"                           \
    "BgavzhLX+TfiJdysM59bsETQfYCQvtX4RW8My5G8fdH9jDLdq42QC1Gd15g3SHDz\n"                           \
    "zwhCBDZWJjmPmbylj70R6rNmeQfGoWxvhIluBWQE+TO0C4k/z6rgWLOI7/RIJHJj\n"                           \
    "CQIJAOAAAAAAAAAB\n"                                                                           \
    "-----END PUBLIC KEY-----\n"

#define SIG_ODD_SHA1                                                                               \
    "014545e175cc55db9d8f6c4329acc832bec8b293c254330c2e1d29c898cc75c7"                             \
    "d42e27acc1504aac7298b8a237be4741572316f57d0cb170fb31f3e3fec73e34"                             \
    "e6fc24a65be3b31fca5ca036873517a1bf97d0dd9ab435b874ae9718c3423e72"                             \
    "9f54344be85e981835e7d1daae2ecc2662b465f11776c76e438a07c9d6378a3d"                             \
    "dfc9beeb632f20e52b71f46f09de72aa37a4906d79427a4b8569f0437b150099"                             \
    "a336de344a183d1dcd6c6bef295c619545c1b252f9ad5e25db69f73131cb0f8c"                             \
    "58eefd5fe23d92df24880adadbf3ffd5bd9b3af045db0e8c6d55ac8d0b915236"                             \
    "3df4fbc6cd4880afadfa18cd76953b764cd4e25919aad9af90e5ef411fbb6ddb"                             \
    "d5"

#define SIG_ODD_SHA256                                                                             \
    "025038e93a5fed1ad41ee76087dd073f2bac63e8ff13761a0f7243666782769f"                             \
    "19489c34ad5c5d7b1c92ed1fe347e7190214bcb92d2c5c1196d1694178f1aed9"                             \
    "4329643eebd15f0c771bcdc32ee11c2e0987ff54e27961f524b9e0e4b9fd409a"                             \
    "4a18f6f248b48b05024dff4c328c7b06b2133762dfb7c53f2e480c5409b62481"                             \
    "a421e9e52d9fab845c6849e558ffae20f3ccef0eacaf73b0fed54f8f27fe6cb5"                             \
    "a149838afdc61dc32ac8fd3b71c8c62e811de7e86749446f7ebf686acc41ac91"                             \
    "ab8c35a4ff68fef04d7063030dd285d6446fad09e75472a1923d32f6b907a8ea"                             \
    "cb33e04d8771ff4c2099741410cfa4eb440f8fdaac6b3fbe5010149af1a06d58"                             \
    "5a"

#endif
