package dev.streamwal.examples.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.streamwal.examples.ExampleProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The queue from its beginning to its end: both groups get each message, though a worker is killed, and though all had expired. */
class MessageQueueTest {
    @TempDir
    Path folder;

    @Test
    void messageQueue_bothGroupsGetEachMessage_inOrder() throws Exception {
        String printed = ExampleProcess.output(folder, MessageQueue.class, folder);

        assertThat(printed)
                .containsPattern("billing +1,000 of 1,000 messages, \\d+ of them twice, 0 lost, 0 out of order")
                .containsPattern("archive +1,000 of 1,000 messages, 0 of them twice, 0 lost, 0 out of order")
                .containsPattern("sweep +0 segments deleted, [1-9]\\d* have expired and are held for a group")
                .containsPattern("sweep +[1-9]\\d* segments deleted, 0 have expired and are held for a group");
    }

    /** A worker that can't write down what it does, as there is a folder of that name. */
    @Test
    @Timeout(300)
    void messageQueue_whoseWorkerEnds_isNotWaitedFor() throws Exception {
        assertThat(Files.createDirectory(Deliveries.file(folder, "archive", 1))).isDirectory();
        assertThatThrownBy(() -> MessageQueue.main(new String[] {folder.toString()}))
                .isInstanceOf(IllegalStateException.class).hasMessageContaining("exitCode=1");
    }
}
