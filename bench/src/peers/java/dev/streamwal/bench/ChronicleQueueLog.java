package dev.streamwal.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import net.openhft.chronicle.queue.ChronicleQueue;
import net.openhft.chronicle.queue.ExcerptAppender;
import net.openhft.chronicle.queue.ExcerptTailer;
import net.openhft.chronicle.wire.DocumentContext;
import net.openhft.chronicle.wire.Wire;

/** Chronicle Queue in its default options. A tailer is asked again and again; what is done in between is up to who asks. */
public final class ChronicleQueueLog {

    /** What its documentation asks for on Java 17; and it sends nothing anywhere. */
    public static final List<String> FLAGS = List.of(
            "--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED",
            "--add-exports=java.base/sun.nio.ch=ALL-UNNAMED",
            "--add-exports=jdk.unsupported/sun.misc=ALL-UNNAMED",
            "--add-exports=jdk.compiler/com.sun.tools.javac.file=ALL-UNNAMED",
            "--add-opens=jdk.compiler/com.sun.tools.javac=ALL-UNNAMED",
            "--add-opens=java.base/java.lang=ALL-UNNAMED",
            "--add-opens=java.base/java.lang.reflect=ALL-UNNAMED",
            "--add-opens=java.base/java.io=ALL-UNNAMED",
            "--add-opens=java.base/java.util=ALL-UNNAMED",
            "-Dchronicle.analytics.disable=true");

    private ChronicleQueueLog() {}

    public static DelayContender.Writer writer(Path folder) {
        ChronicleQueue queue = ChronicleQueue.single(folder.toString());
        ExcerptAppender appender = queue.createAppender();
        return new DelayContender.Writer() {
            @Override
            public void append(byte[] content) {
                try (DocumentContext document = appender.writingDocument()) {
                    wire(document).bytes().write(content);
                }
            }

            @Override
            public void close() {
                appender.close();
                queue.close();
            }
        };
    }

    public static DelayContender.Reader reader(Path folder, Runnable pause) {
        ChronicleQueue queue = ChronicleQueue.single(folder.toString());
        return new TailerReader(queue, queue.createTailer().toEnd(), pause);
    }

    private static Wire wire(DocumentContext document) {
        Wire wire = document.wire();
        if (wire == null) {
            throw new IllegalStateException("a document without a wire");
        }
        return wire;
    }

    private record TailerReader(ChronicleQueue queue, ExcerptTailer tailer, Runnable pause) implements DelayContender.Reader {
        @Override
        public boolean next(byte[] content, Duration timeout) throws IOException {
            long start = System.nanoTime();
            while (!read(content)) {
                if (System.nanoTime() - start > timeout.toNanos()) {
                    return false;
                }
                pause.run();
            }
            return true;
        }

        private boolean read(byte[] content) throws IOException {
            try (DocumentContext document = tailer.readingDocument()) {
                if (!document.isPresent()) {
                    return false;
                }
                int bytes = wire(document).bytes().read(content);
                if (bytes != content.length) {
                    throw new IOException("not as long as it was appended: " + bytes);
                }
                return true;
            }
        }

        @Override
        public void close() {
            tailer.close();
            queue.close();
        }
    }
}
