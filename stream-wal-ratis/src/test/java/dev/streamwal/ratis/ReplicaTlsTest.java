package dev.streamwal.ratis;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.WriteEntry;
import dev.streamwal.reader.EntryRef;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three replicas that know each other, and their client, by certificates. */
class ReplicaTlsTest {

    private static final char[] PASSWORD = "changeit".toCharArray();

    @TempDir
    private Path folder;

    /** A key, and a certificate that it has signed itself, made by the JDK's keytool. */
    private Path[] identity(String name) throws Exception {
        Path store = folder.resolve(name + ".p12");
        Process keytool = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "keytool").toString(), "-genkeypair", "-alias", name,
                "-keyalg", "EC", "-groupname", "secp256r1", "-dname", "CN=" + name, "-ext", "san=ip:127.0.0.1", "-validity", "2", "-storetype", "PKCS12",
                "-keystore", store.toString(), "-storepass", new String(PASSWORD)).redirectErrorStream(true).start();
        String said = new String(keytool.getInputStream().readAllBytes(), UTF_8);
        assertThat(keytool.waitFor()).as(said).isZero();
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream bytes = Files.newInputStream(store)) {
            keys.load(bytes, PASSWORD);
        }
        return new Path[] {pem(name + ".key", "PRIVATE KEY", keys.getKey(name, PASSWORD).getEncoded()),
            pem(name + ".crt", "CERTIFICATE", keys.getCertificate(name).getEncoded())};
    }

    private Path pem(String file, String what, byte[] bytes) throws Exception {
        String text = "-----BEGIN " + what + "-----\n" + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes) + "\n-----END " + what + "-----\n";
        return Files.writeString(folder.resolve(file), text, US_ASCII);
    }

    /** With version 1.2 of TLS, in which the handshake ends when the server has taken the certificate. */
    private void shakeHands(String address, @Nullable String name) throws Exception {
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream bytes = name == null ? InputStream.nullInputStream() : Files.newInputStream(folder.resolve(name + ".p12"))) {
            store.load(name == null ? null : bytes, PASSWORD);
        }
        keys.init(store, PASSWORD);
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        try (InputStream bytes = Files.newInputStream(folder.resolve("server.crt"))) {
            trusted.load(null, PASSWORD);
            trusted.setCertificateEntry("server", CertificateFactory.getInstance("X.509").generateCertificate(bytes));
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext context = SSLContext.getInstance("TLSv1.2");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        int colon = address.lastIndexOf(':');
        try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(address.substring(0, colon), Integer.parseInt(address.substring(colon + 1)))) {
            SSLParameters parameters = socket.getSSLParameters();
            parameters.setApplicationProtocols(new String[] {"h2"});
            socket.setSSLParameters(parameters);
            socket.setSoTimeout(20_000);
            socket.startHandshake();
        }
    }

    @Test
    void replicas_withCertificates_serveWhoShowsATrustedOne_andNobodyElse() throws Exception {
        Path[] server = identity("server");
        Path[] client = identity("client");
        Path[] unused = identity("stranger");
        Path trusted = Files.writeString(folder.resolve("trusted"), Files.readString(server[1]) + Files.readString(client[1]));
        ReplicaTls ofServers = new ReplicaTls(server[0], server[1], trusted);
        Replicas replicas = ReplicaProcesses.onFreePorts(3);
        List<ReplicatedWalServer> servers = new ArrayList<>();
        try {
            for (String name : replicas.names()) {
                servers.add(ReplicatedWalServer.start(name, folder.resolve(name), RatisOptions.builder().replicas(replicas).tls(ofServers).build()));
            }
            Batching batching = Batching.of(Duration.ofMillis(5), 100);
            try (ReplicatedWal wal = ReplicatedWal.connect(replicas, batching, new ReplicaTls(client[0], client[1], trusted))) {
                EntryRef ref = wal.append("meter/1", WriteEntry.of(new byte[] {7})).get(300, TimeUnit.SECONDS);
                assertThat(wal.latest("meter/1", Consistency.LINEARIZABLE).orElseThrow().ref()).isEqualTo(ref);
            }
            String address = replicas.addresses().get("n0");
            shakeHands(address, "client");
            assertThatThrownBy(() -> shakeHands(address, "stranger")).isInstanceOf(IOException.class);
            assertThatThrownBy(() -> shakeHands(address, null)).as("without a certificate").isInstanceOf(IOException.class);
        } finally {
            servers.forEach(ReplicatedWalServer::close);
        }
    }

    @Test
    void tls_fileIsMissing_isNamed() {
        assertThatThrownBy(() -> new ReplicaTls(folder.resolve("none"), folder, folder)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("file=" + folder.resolve("none"));
    }
}
