package dev.streamwal.ratis;

import dev.streamwal.ratis.settings.RaftSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.ratis.conf.Parameters;

/**
 * The keys by which replicas and clients know each other, in PEM files: connections are encrypted by TLS, and both sides show a certificate. A replica's has
 * the host of its address as a name, or as an IP address. Immutable.
 *
 * @param privateKey one's own, PKCS #8 without a password
 * @param certificates one's own, followed by those that signed it
 * @param trusted the certificates of who may have signed the others'
 * @since 1.0
 */
public record ReplicaTls(Path privateKey, Path certificates, Path trusted) {

    /**
     * Checks that the files are there.
     *
     * @param privateKey one's own, PKCS #8 without a password
     * @param certificates one's own, followed by those that signed it
     * @param trusted the certificates of who may have signed the others'
     * @throws IllegalArgumentException if one of them isn't
     */
    public ReplicaTls {
        for (Path each : new Path[] {privateKey, certificates, trusted}) {
            if (!Files.isRegularFile(each)) {
                throw new IllegalArgumentException("file for TLS isn't there: file=" + each + "; give a PEM file");
            }
        }
    }

    Parameters connections() {
        return RaftSettings.connections(privateKey, certificates, trusted);
    }
}
