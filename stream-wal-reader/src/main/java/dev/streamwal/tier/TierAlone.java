package dev.streamwal.tier;

import dev.streamwal.io.TierFailure;
import dev.streamwal.manifest.Manifest;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * A log of which only the tier is available: the content that the tier itself lists. The tier is asked again now and then, because the log's writer
 * may still be moving packs to it, and deleting them. Thread-safe.
 */
public final class TierAlone {

    /** A listing is a request, and packs come and go at intervals of minutes. */
    private static final long CURRENT_NANOS = 5_000_000_000L;

    private final TierFolder folder;
    private final Path root;
    private final LongSupplier nanoTime;

    @GuardedBy("this")
    private TierContent known = TierContent.NOTHING;
    @GuardedBy("this")
    private String name = "";
    @GuardedBy("this")
    private long readAt;

    private TierAlone(TierFolder folder, LongSupplier nanoTime) {
        this.folder = folder;
        this.root = NoFolder.named(folder.name());
        this.nanoTime = nanoTime;
    }

    /**
     * Reads the tier's content.
     *
     * @throws TierFailure if the content can't be read, or the folder is no log's tier
     */
    public static TierAlone open(Path tier) throws IOException {
        return open(tier, System::nanoTime);
    }

    static TierAlone open(Path tier, LongSupplier nanoTime) throws IOException {
        TierFolder folder = new TierFolder(tier);
        if (folder.list().stream().noneMatch(name -> TierNames.parseLog(name).isPresent())) {
            throw new TierFailure("not a log's tier, there is no object \"log-<id>\"", folder.name(), "",
                    "give the folder that the log's writer has as its tier", null);
        }
        TierAlone alone = new TierAlone(folder, nanoTime);
        Manifest unused = alone.anew();
        return alone;
    }

    /** In place of the log's directory: nothing is there. */
    public Path root() {
        return root;
    }

    /** What the tier has, some seconds old at most; the same object as before if it is unchanged. */
    public synchronized Manifest current() throws IOException {
        return nanoTime.getAsLong() - readAt < CURRENT_NANOS ? known.manifest() : anew();
    }

    /** What the tier has now. */
    public synchronized Manifest anew() throws IOException {
        long began = nanoTime.getAsLong();
        Optional<TierContent.Named> now = TierContent.readUnless(folder, name);
        if (now.isPresent()) {
            TierContent content = now.get().content();
            // if the content is the same as before, callers keep the manifest that they know: the new one is another object, but equal
            known = content.isSame(known) ? new TierContent(known.manifest(), content.keys()) : content;
            name = now.get().name();
        }
        readAt = began;
        return known.manifest();
    }

    /** The content of the log's file of keys, when the tier was looked at last; empty if nothing was encrypted. */
    public synchronized byte[] keys() {
        return known.keys();
    }
}
