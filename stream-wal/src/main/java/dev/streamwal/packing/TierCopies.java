package dev.streamwal.packing;

import dev.streamwal.io.DirectoryForce;
import dev.streamwal.io.TierFailure;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.manifest.Manifest;
import dev.streamwal.manifest.TierObject;
import dev.streamwal.pack.PackFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The packs in a log's tier as files of a copy of the log. They are read before the log is copied, with no lock, because the tier may be slow; under
 * the lock of deletions, {@link #isComplete} tells whether they are still all. One thread.
 */
public final class TierCopies {

    private final PackStore store;
    private final Path target;
    private final Map<Long, TierObject> copied = new HashMap<>();

    /** @param target the copy's directory, which exists */
    public TierCopies(PackStore store, Path target) {
        this.store = store;
        this.target = target;
    }

    /**
     * Copies what is in the tier now.
     *
     * @throws TierFailure if the tier fails, or the log was opened without it
     */
    public void read() throws IOException {
        for (ListedPack pack : store.packs()) {
            Optional<TierObject> object = store.manifest().object(pack.number());
            if (object.isPresent() && !object.get().equals(copied.get(pack.number()))) {
                DirectoryForce.create(PackFiles.directory(target));
                try {
                    store.tier().copy(pack, object.get(), PackFiles.pack(target, pack.number()));
                    copied.put(pack.number(), object.get());
                } catch (TierFailure e) {
                    if (store.manifest().object(pack.number()).equals(object)) {
                        throw e;
                    }
                    // the pack has expired, or come back, since
                }
            }
        }
    }

    /**
     * Whether the copy has all packs that are in the tier. If so, packs that the log doesn't have any more are deleted from the copy; a pack that has
     * come back from the tier is the same and stays. The caller holds the lock of deletions.
     */
    public boolean isComplete() throws IOException {
        Manifest now = store.manifest();
        if (!copied.entrySet().containsAll(now.objects().entrySet())) {
            return false;
        }
        for (long number : copied.keySet()) {
            if (now.pack(number).isEmpty()) {
                Files.deleteIfExists(PackFiles.pack(target, number));
            }
        }
        return true;
    }
}
