package dev.streamwal.ratis.settings;

import java.nio.file.Path;

/**
 * With which keys replicas and clients show who they are to each other. All are PEM files.
 *
 * @param privateKey one's own, PKCS #8 without a password
 * @param certificates one's own, followed by those that signed it
 * @param trusted who may have signed the others'
 */
public record TlsFiles(Path privateKey, Path certificates, Path trusted) {}
