package dev.streamwal.cli;

import dev.streamwal.error.CorruptSegmentException;
import dev.streamwal.io.ChannelCache;
import dev.streamwal.io.TierFailure;
import dev.streamwal.pack.PackEntry;
import dev.streamwal.pack.PackFiles;
import dev.streamwal.pack.PackReader;
import dev.streamwal.pack.PackWalk;
import dev.streamwal.pack.PackedBytes;
import dev.streamwal.pack.BlockCache;
import dev.streamwal.tier.PackObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Shows the segments of a pack, each as if it were a file. A segment's offsets are its own; {@code framesAt} says where its frames stand in the pack.
 */
final class PackDump {

    /** Whether the file is a pack, by its name. */
    static boolean isPack(Path file) {
        String name = String.valueOf(file.getFileName());
        return PackFiles.parse(name).isPresent() || PackObject.isNamed(name);
    }

    private final Path file;
    private final CommandOutput out;
    private final boolean brief;
    private final @Nullable String wantedKey;
    private boolean damaged;
    private boolean isShown;

    /** @param wantedKey the stream whose segments to show; null for all */
    PackDump(Path file, CommandOutput out, boolean brief, @Nullable String wantedKey) {
        this.file = file;
        this.out = out;
        this.brief = brief;
        this.wantedKey = wantedKey;
    }

    Exit run() throws IOException {
        try (ChannelCache channels = new ChannelCache(1);
                PackReader pack = open(channels)) {
            out.item(() -> "pack, number=" + pack.number() + ", windowStart=" + Figures.time(pack.header().window().startMillis())
                    + ", windowEnd=" + Figures.time(pack.header().window().endMillis()) + ", expiration="
                    + Figures.time(pack.header().expirationMillis()) + ", segments=" + pack.footer().segments(), json -> {
                json.writeStringField("part", "pack");
                json.writeNumberField("number", pack.number());
                json.writeStringField("windowStart", Figures.time(pack.header().window().startMillis()));
                json.writeStringField("windowEnd", Figures.time(pack.header().window().endMillis()));
                json.writeStringField("expiration", Figures.time(pack.header().expirationMillis()));
                json.writeNumberField("segments", pack.footer().segments());
            });
            header(pack);
            segments(pack);
        } catch (CorruptSegmentException e) {
            damage(e);
        } catch (TierFailure e) {
            throw new RefusedException(String.valueOf(e.getMessage()), e);
        }
        return damaged ? Exit.FINDINGS : Exit.OK;
    }

    /** Whether it has shown a segment. */
    boolean isShown() {
        return isShown;
    }

    private PackReader open(ChannelCache channels) throws IOException {
        OptionalLong number = PackFiles.parse(String.valueOf(file.getFileName()));
        if (number.isEmpty()) {
            return PackObject.open(file);
        }
        Path table = file.resolveSibling(String.valueOf(PackFiles.table(file.resolveSibling(""), number.getAsLong()).getFileName()));
        if (Files.notExists(file) && Files.exists(table)) {
            throw new RefusedException("pack is in the log's tier: file=" + file + "; dump its object there, its name is "
                    + PackObject.namesOf(number.getAsLong()));
        }
        return PackReader.open(channels, file, number.getAsLong(), new BlockCache(0));
    }

    private void header(PackReader pack) throws IOException {
        try {
            pack.checkHeader();
        } catch (CorruptSegmentException e) {
            damage(e);
        }
    }

    private void segments(PackReader pack) throws IOException {
        PackWalk walk = pack.walk();
        for (boolean more = true; more; ) {
            try {
                more = walk.next();
                if (more && (wantedKey == null || wantedKey.equals(walk.entry().key().text()))) {
                    segment(pack, walk.entry());
                }
            } catch (CorruptSegmentException e) {
                // the walk continues behind it
                damage(e);
            }
        }
    }

    private void segment(PackReader pack, PackEntry entry) throws IOException {
        isShown = true;
        out.item(() -> "segment, key=" + entry.key() + ", basePosition=" + entry.basePosition() + ", records=" + entry.records()
                + ", framesAt=" + entry.offset() + ", bytes=" + entry.dataBytes(), json -> {
            json.writeStringField("part", "segment");
            json.writeStringField("key", entry.key().text());
            json.writeNumberField("basePosition", entry.basePosition());
            json.writeNumberField("records", entry.records());
            json.writeNumberField("framesAt", entry.offset());
            json.writeNumberField("bytes", entry.dataBytes());
        });
        try (PackedBytes bytes = pack.open(entry)) {
            damaged |= new SegmentDump(bytes, new DumpWriter(bytes, out, brief)).run() != Exit.OK;
        }
    }

    private void damage(CorruptSegmentException e) {
        damaged = true;
        out.item(() -> "damage, " + e.getMessage(), json -> {
            json.writeStringField("part", "damage");
            json.writeNumberField("offset", e.offset());
            json.writeNumberField("length", e.length());
            json.writeStringField("fault", String.valueOf(e.getMessage()));
        });
    }
}
