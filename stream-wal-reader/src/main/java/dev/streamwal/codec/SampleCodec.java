package dev.streamwal.codec;

import dev.streamwal.format.SchemaTag;
import io.netty.buffer.ByteBuf;

/**
 * Samples: numbers with a time, which is the record's timestamp. The content is only the number: 8 bytes, little-endian, in IEEE 754's format; a NaN
 * keeps its bits. Streams of samples can be written and read without objects: see {@code StreamWal.samples} and
 * {@link dev.streamwal.reader.EntryCursor#sampleValue()}. Stateless and thread-safe.
 *
 * @since 1.0
 */
public final class SampleCodec implements RecordCodec<Double> {

    private static final SampleCodec INSTANCE = new SampleCodec();

    private SampleCodec() {}

    /** {@return the codec, the same at every call} */
    public static SampleCodec instance() {
        return INSTANCE;
    }

    /** {@return -1, which is reserved for samples} */
    @Override
    public int schemaId() {
        return SchemaTag.SAMPLE_ID;
    }

    /** {@return 1} */
    @Override
    public int version() {
        return SchemaTag.version(SchemaTag.SAMPLE);
    }

    @Override
    public void encode(Double value, ByteBuf target) {
        target.writeDoubleLE(value);
    }

    /** @throws IllegalArgumentException if the content isn't 8 bytes */
    @Override
    public Double decode(ByteBuf content, int version) {
        if (content.readableBytes() != Double.BYTES) {
            throw new IllegalArgumentException("content of a sample is not " + Double.BYTES + " bytes: bytes=" + content.readableBytes());
        }
        return content.readDoubleLE();
    }

    @Override
    public String toString() {
        return "SampleCodec";
    }
}
