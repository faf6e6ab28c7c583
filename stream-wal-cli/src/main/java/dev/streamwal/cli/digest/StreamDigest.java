package dev.streamwal.cli.digest;

import dev.streamwal.reader.EntryCursor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Digests a stream, record by record, with checkpoints at even distances. When there would be too many, every other one goes and the distance
 * doubles, so a long stream has from 8 to {@value AnchoredStream#MAX_CHECKPOINTS} of them.
 */
public final class StreamDigest {

    private static final int FIRST_DISTANCE_RECORDS = 16;

    private final String key;
    private final ChainDigest chain;
    private final List<Checkpoint> checkpoints = new ArrayList<>();
    private long distanceRecords = FIRST_DISTANCE_RECORDS;
    private long begin;
    private long end;
    private long records;

    /** @param key of the stream */
    public StreamDigest(String key) {
        this.key = key;
        this.chain = new ChainDigest(key);
    }

    public void add(EntryCursor record) {
        if (records > 0 && records % distanceRecords == 0) {
            addCheckpoint();
        }
        if (records == 0) {
            begin = record.position();
        }
        chain.add(record);
        end = record.ref().end();
        records++;
    }

    /** One less than the most, as the end is a checkpoint, too. */
    private void addCheckpoint() {
        checkpoints.add(here());
        if (checkpoints.size() == AnchoredStream.MAX_CHECKPOINTS) {
            distanceRecords *= 2;
            checkpoints.removeIf(each -> each.records() % distanceRecords != 0);
        }
    }

    private Checkpoint here() {
        return new Checkpoint(end, records, chain.hex());
    }

    /** What an anchor says of the stream; nothing where it has no record. */
    public Optional<AnchoredStream> anchored() {
        if (records == 0) {
            return Optional.empty();
        }
        List<Checkpoint> all = new ArrayList<>(checkpoints);
        all.add(here());
        return Optional.of(new AnchoredStream(key, begin, List.copyOf(all)));
    }
}
