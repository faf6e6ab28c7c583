package dev.streamwal.packing;

import dev.streamwal.events.FlightRecording;
import dev.streamwal.events.PackEvent;
import dev.streamwal.manifest.ListedPack;
import dev.streamwal.measure.Measurements;
import dev.streamwal.measure.PackTask;
import dev.streamwal.measure.Tag;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A step that writes packs, from its beginning. For one thread. */
final class Packing {

    private final long begun = System.nanoTime();
    private @Nullable PackEvent next = begunEvent();
    private int packs;

    private static @Nullable PackEvent begunEvent() {
        return FlightRecording.isOn() ? new PackEvent() : null;
    }

    /** A pack counts. */
    void wrote(PackTask task, ListedPack pack, Path file) {
        packs++;
        if (next != null) {
            next.packed(Tag.of(task), file, pack.segments(), pack.bytes());
        }
        next = begunEvent();
    }

    /** The step has ended. A step that wrote nothing isn't reported. */
    void end(PackTask task, Measurements measured) {
        if (packs > 0) {
            measured.packingTook(task, packs, System.nanoTime() - begun);
        }
    }
}
