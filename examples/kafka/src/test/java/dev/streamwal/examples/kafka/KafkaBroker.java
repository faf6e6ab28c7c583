package dev.streamwal.examples.kafka;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.errors.TopicExistsException;
import org.jspecify.annotations.Nullable;

/** A Kafka of one broker in a process of its own, which can be killed and started again. */
final class KafkaBroker implements AutoCloseable {

    static final int PARTITIONS = 3;
    private static final String CLUSTER_ID = "c3RyZWFtLXdhbC10ZXN0cw";
    private static final short REPLICAS = 1;
    private static final int PATIENCE_SECONDS = 120;

    private final Path folder;
    private final int port;
    private @Nullable Process process;

    KafkaBroker(Path folder) throws IOException, InterruptedException {
        this(folder, freePort());
    }

    /** Starts it with an empty folder. */
    KafkaBroker(Path folder, int port) throws IOException, InterruptedException {
        this.folder = Files.createDirectories(folder);
        this.port = port;
        int controllerPort = freePort();
        Files.writeString(properties(), String.format(Locale.ROOT, """
                process.roles=broker,controller
                node.id=1
                controller.quorum.voters=1@127.0.0.1:%2$d
                listeners=PLAINTEXT://127.0.0.1:%1$d,CONTROLLER://127.0.0.1:%2$d
                advertised.listeners=PLAINTEXT://127.0.0.1:%1$d
                controller.listener.names=CONTROLLER
                log.dirs=%3$s
                auto.create.topics.enable=false
                transaction.state.log.num.partitions=1
                transaction.state.log.replication.factor=1
                transaction.state.log.min.isr=1
                """, port, controllerPort, folder.resolve("data").toString().replace('\\', '/')));
        Process format = run("format.out", "kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", properties().toString());
        if (!format.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS) || format.exitValue() != 0) {
            format.destroyForcibly();
            throw new IOException("folder for Kafka wasn't formatted: " + Files.readString(folder.resolve("format.out")));
        }
        start();
    }

    static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private Path properties() {
        return folder.resolve("server.properties");
    }

    private Process run(String output, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx256m", "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path")));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.appendTo(folder.resolve(output).toFile())).start();
    }

    String bootstrapServers() {
        return "127.0.0.1:" + port;
    }

    /** It answers when a topic is made. */
    void start() throws IOException {
        process = run("broker.out", "kafka.Kafka", properties().toString());
    }

    /** Returns when it is there. */
    void makeTopic(String topic) throws IOException, InterruptedException {
        Map<String, Object> settings = Map.of("bootstrap.servers", bootstrapServers(), "default.api.timeout.ms", PATIENCE_SECONDS * 1_000);
        try (Admin admin = Admin.create(settings)) {
            admin.createTopics(List.of(new NewTopic(topic, PARTITIONS, REPLICAS))).all().get();
        } catch (ExecutionException e) {
            if (!(e.getCause() instanceof TopicExistsException)) {
                throw new IOException("topic wasn't made; the broker has printed: " + Files.readString(folder.resolve("broker.out")), e);
            }
        }
    }

    void stop() throws InterruptedException {
        Process running = process;
        if (running != null) {
            running.destroy();
            if (!running.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                throw new IllegalStateException("broker doesn't stop");
            }
        }
    }

    void kill() {
        Process running = process;
        if (running != null) {
            running.destroyForcibly().onExit().join();
        }
    }

    @Override
    public void close() {
        kill();
    }
}
