package dev.streamwal.examples.kafka;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.errors.TopicExistsException;
import org.jspecify.annotations.Nullable;

/** A Kafka of one broker in a process of its own, which can be killed and started again. */
final class KafkaBroker implements AutoCloseable {

    private static final String CLUSTER_ID = "c3RyZWFtLXdhbC10ZXN0cw";

    private final Path folder;
    private final int port;
    private @Nullable Process process;

    KafkaBroker(Path folder) throws Exception {
        this.folder = Files.createDirectories(folder);
        this.port = freePort();
        int controllerPort = freePort();
        Files.writeString(properties(), """
                process.roles=broker,controller
                node.id=1
                controller.quorum.voters=1@127.0.0.1:%2$d
                listeners=PLAINTEXT://127.0.0.1:%1$d,CONTROLLER://127.0.0.1:%2$d
                advertised.listeners=PLAINTEXT://127.0.0.1:%1$d
                controller.listener.names=CONTROLLER
                log.dirs=%3$s
                num.partitions=3
                offsets.topic.replication.factor=1
                offsets.topic.num.partitions=1
                transaction.state.log.replication.factor=1
                transaction.state.log.min.isr=1
                group.initial.rebalance.delay.ms=0
                """.formatted(port, controllerPort, folder.resolve("data").toString().replace('\\', '/')));
        Process format = run("format.out", "kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", properties().toString());
        if (!format.waitFor(60, TimeUnit.SECONDS) || format.exitValue() != 0) {
            throw new IOException(Files.readString(folder.resolve("format.out")));
        }
        start();
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private Path properties() {
        return folder.resolve("server.properties");
    }

    private Process run(String output, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx256m", "-XX:+UseSerialGC", "-cp",
                System.getProperty("java.class.path")));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.appendTo(folder.resolve(output).toFile())).start();
    }

    String bootstrapServers() {
        return "127.0.0.1:" + port;
    }

    /** Returns when it has the topic. */
    void start() throws Exception {
        process = run("broker.out", "kafka.Kafka", properties().toString());
        Map<String, Object> settings = Map.of("bootstrap.servers", bootstrapServers(), "default.api.timeout.ms", 60_000);
        try (Admin admin = Admin.create(settings)) {
            admin.createTopics(List.of(new NewTopic(ShippedTopic.NAME, 3, (short) 1))).all().get();
        } catch (ExecutionException e) {
            if (!(e.getCause() instanceof TopicExistsException)) {
                throw new IOException(Files.readString(folder.resolve("broker.out")), e);
            }
        }
    }

    void kill() throws InterruptedException {
        Process running = process;
        if (running != null) {
            running.destroyForcibly().waitFor();
        }
    }

    @Override
    public void close() {
        Process running = process;
        if (running != null) {
            running.destroyForcibly().onExit().join();
        }
    }
}
