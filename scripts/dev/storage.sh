# shellcheck shell=bash
# What is put into Azurite, by curl: neither Azure's tools nor Node are needed. Part of dev.sh.

# Those of every Azurite; no secret.
ACCOUNT=devstoreaccount1
ACCESS_KEY=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==
VERSION=2021-12-02

endpoint() { printf 'http://127.0.0.1:%s/%s' "$AZURITE_PORT" "$ACCOUNT"; }

# An account's shared access signature, for everything in it.
sas() {
  ACCOUNT=$ACCOUNT ACCESS_KEY=$ACCESS_KEY VERSION=$VERSION perl -MDigest::SHA=hmac_sha256_base64 -MMIME::Base64 -e '
    my ($rights, $service, $types, $end) = ("rwlac", "b", "sco", "2099-01-01");
    my $text = join("\n", $ENV{ACCOUNT}, $rights, $service, $types, "", $end, "", "", $ENV{VERSION}, "", "");
    my $signature = hmac_sha256_base64($text, decode_base64($ENV{ACCESS_KEY}));
    $signature .= "=" while length($signature) % 4;
    $signature =~ s/([+\/=])/sprintf("%%%02X", ord($1))/ge;
    print "sv=$ENV{VERSION}&ss=$service&srt=$types&sp=$rights&se=$end&sig=$signature";'
}

# A PUT of what follows the endpoint: prints the status. Further arguments are curl's.
put() {
  local what=$1 signature
  shift
  signature=$(sas)
  curl --silent --show-error --max-time 60 --output "$DEV_DIR/answer.xml" --write-out '%{http_code}' --request PUT \
    --header "x-ms-version: $VERSION" "$@" "$(endpoint)/$what&$signature"
}

wait_for_azurite() {
  for _ in $(seq 60); do
    if curl --silent --output /dev/null --max-time 2 "$(endpoint)"; then return; fi
    sleep 0.5
  done
  fail "Azurite does not answer at 127.0.0.1:$AZURITE_PORT"
}

create_container() {
  local status
  status=$(put "$CONTAINER?restype=container" --data '')
  case $status in
    201 | 409) ;;
    *) fail "container $CONTAINER could not be created: $status, $(cat "$DEV_DIR/answer.xml")" ;;
  esac
}

# Blobs as the collector writes them. Called again it appends to them: they grow, as those of a day do.
sample() {
  listens "$AZURITE_PORT" || fail "nothing listens at 127.0.0.1:$AZURITE_PORT; make dev-up starts Azurite there"
  "$CLP" -qq demo --lines 20000 --keep "$DEV_DIR/demo" >/dev/null 2>&1 || fail "clp demo could not write to $DEV_DIR/demo"
  local file blob status
  for file in "$DEV_DIR"/demo/logs/kubernetes/*.gz; do
    blob=$CONTAINER/kubernetes/${file##*/}
    # Nothing happens to one that is there.
    status=$(put "$blob?" --data '' --header 'x-ms-blob-type: AppendBlob' --header 'If-None-Match: *')
    case $status in
      201 | 409 | 412) ;;
      *) fail "$blob could not be created: $status, $(cat "$DEV_DIR/answer.xml")" ;;
    esac
    status=$(put "$blob?comp=appendblock" --data-binary "@$file" --header 'Content-Type: application/octet-stream')
    [ "$status" = 201 ] || fail "$blob could not be appended to: $status, $(cat "$DEV_DIR/answer.xml")"
    say "$(($(wc -c <"$file"))) bytes appended to ${blob#*/}"
  done
}
