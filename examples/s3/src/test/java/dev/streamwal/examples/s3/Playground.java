package dev.streamwal.examples.s3;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** {@link MonthInBucket} with a server of S3's protocol in the same process, in a folder that is made: {@code Playground <folder>}. */
final class Playground {

    private Playground() {}

    public static void main(String[] args) throws Exception {
        Path folder = Files.createTempDirectory(created(Path.of(args[0])), "run-");
        BucketServer.tellItsClients();
        try (BucketServer server = new BucketServer(folder.resolve("store"))) {
            MonthInBucket.main(new String[] {folder.resolve("log").toString(), server.uri("meters")});
            System.out.println("the log: " + folder.resolve("log") + "; the bucket's objects: " + server.objects("meters", "").size() + ", in " + folder.resolve("store"));
        }
        // the provider's threads aren't daemons
        System.exit(0);
    }

    private static Path created(Path folder) throws IOException {
        return Files.createDirectories(folder);
    }
}
