package dev.streamwal.examples.s3;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.nio2blob.FilesystemNio2BlobStore;

/** A server with the protocol of S3, its signatures included, on loopback, with one bucket, whose objects are files of a folder. It can be stopped and started again. */
final class BucketServer implements AutoCloseable {

    private static final String USER = "meters";
    private static final String SECRET = "not-guessed";
    private static final String BUCKET = "telemetry";

    private final Path folder;
    private S3Proxy server;
    private int port;

    BucketServer(Path folder) throws Exception {
        this.folder = folder;
        Files.createDirectories(folder.resolve(BUCKET));
        start();
    }

    /** What the provider has to be told to ask such a server, as system properties. */
    static Map<String, String> settings() {
        return Map.of("s3.spi.endpoint-protocol", "http", "aws.region", "us-east-1", "aws.accessKeyId", USER, "aws.secretAccessKey", SECRET);
    }

    /** Tells it to the provider in this process. */
    static void tellItsClients() {
        settings().forEach(System::setProperty);
    }

    void start() throws Exception {
        server = S3Proxy.builder().endpoint(URI.create("http://127.0.0.1:" + port)).awsAuthentication(AuthenticationType.AWS_V2_OR_V4, USER, SECRET)
                .blobStore(new FilesystemNio2BlobStore(folder.toString())).build();
        server.start();
        while (!server.getState().equals("STARTED")) {
            TimeUnit.MILLISECONDS.sleep(10);
        }
        port = server.getPort();
    }

    void stop() throws Exception {
        server.stop();
    }

    /** From now on the server answers that there is no such bucket. */
    void takeBucketAway() throws IOException {
        Files.move(folder.resolve(BUCKET), folder.resolveSibling(BUCKET));
    }

    void giveBucketBack() throws IOException {
        Files.move(folder.resolveSibling(BUCKET), folder.resolve(BUCKET));
    }

    /** The URI of a folder in the bucket. */
    String uri(String folderInBucket) {
        return "s3x://127.0.0.1:" + port + "/" + BUCKET + "/" + folderInBucket + "/";
    }

    Path tier(String folderInBucket) {
        return Path.of(URI.create(uri(folderInBucket)));
    }

    /** The files in which the objects of a folder are. */
    List<Path> objects(String folderInBucket, String suffix) {
        try (Stream<Path> files = Files.walk(folder.resolve(BUCKET).resolve(folderInBucket))) {
            return files.filter(file -> Files.isRegularFile(file) && file.toString().endsWith(suffix)).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try {
            server.stop();
        } catch (Exception e) {
            throw new AssertionError("server doesn't stop", e);
        }
    }
}
