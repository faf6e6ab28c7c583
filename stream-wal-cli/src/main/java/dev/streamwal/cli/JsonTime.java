package dev.streamwal.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;

/** A point in time in JSON: twice, as epoch milliseconds and as ISO text. */
final class JsonTime {

    private JsonTime() {}

    /** The fields {@code <name>Millis} and {@code <name>}. */
    static void write(JsonGenerator json, String name, long epochMillis) throws IOException {
        json.writeNumberField(name + "Millis", epochMillis);
        json.writeStringField(name, Figures.time(epochMillis));
    }
}
