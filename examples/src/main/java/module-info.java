/** Programs to copy from. */
@SuppressWarnings("requires-automatic") // xchart and progressbar have no descriptors
module dev.streamwal.examples {
    requires de.siegmar.fastcsv;
    requires dev.streamwal;
    requires java.desktop;
    requires java.management;
    requires jdk.management;
    requires me.tongfei.progressbar;
    requires org.knowm.xchart;
    requires static org.jspecify;
}
