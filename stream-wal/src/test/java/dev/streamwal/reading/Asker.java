package dev.streamwal.reading;

import dev.streamwal.reader.EntryRef;
import dev.streamwal.reader.WalReader;
import dev.streamwal.reading.Answer.Item;
import dev.streamwal.reading.Answer.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Asks a reader one thing after the other, about what it was given before. One thread. */
final class Asker {

    private static final int MAX_SEEN = 500;
    private static final int MAX_REFS = 20;
    private static final int MAX_COUNT = 30;

    private final Random random;
    private final List<String> keys;
    private final List<Item> seen = new ArrayList<>();
    private final List<Answer> answers = new ArrayList<>();

    Asker(long seed, List<String> keys) {
        this.random = new Random(seed);
        this.keys = keys;
    }

    List<Answer> answers() {
        return answers;
    }

    void ask(WalReader reader) {
        Reading reading = Reading.values()[random.nextInt(Reading.values().length)];
        Item any = seen.isEmpty() ? Item.of(Kind.RECORD, keys.get(0), 0, 0) : seen.get(random.nextInt(seen.size()));
        String key = keys.get(random.nextInt(keys.size()));
        long argument = 0;
        long end = 0;
        List<EntryRef> refs = new ArrayList<>();
        switch (reading) {
            case SCAN_LAST -> argument = random.nextInt(MAX_COUNT);
            case SCAN_FROM, BACKWARD_FROM, FOLLOW_FROM, FOLLOW_KEYS -> {
                key = any.key();
                argument = any.position();
            }
            case SCAN_TIME, MERGED -> {
                argument = any.timestampMillis();
                end = argument + random.nextInt(200_000);
            }
            case FIND, BATCH -> {
                for (int i = reading == Reading.FIND ? 1 : random.nextInt(MAX_REFS); i > 0 && !seen.isEmpty(); i--) {
                    Item item = seen.get(random.nextInt(seen.size()));
                    refs.add(new EntryRef(item.key(), item.position(), (int) item.size()));
                }
            }
            default -> argument = 0;
        }
        Answer answer = reading.ask(reader, key, argument, end, refs, System::nanoTime);
        answers.add(answer);
        for (Item item : answer.items()) {
            if (item.kind() == Kind.RECORD && item.size() > 0 && reading != Reading.DESCRIBE && reading != Reading.DESCRIBE_OF_KEYS) {
                remember(item);
            }
        }
    }

    private void remember(Item item) {
        if (seen.size() < MAX_SEEN) {
            seen.add(item);
        } else {
            seen.set(random.nextInt(MAX_SEEN), item);
        }
    }
}
