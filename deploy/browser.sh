#!/bin/sh
# The browser test looks at the web UI in a real Chromium with Chinese fonts. Where Chromium is missing and packages
# may be installed, it is; otherwise that one test says that it was skipped and why.
set -u
if command -v chromium >/dev/null 2>&1 && fc-list 2>/dev/null | grep -qi 'noto.*cjk'; then exit 0; fi
if ! command -v apt-get >/dev/null 2>&1; then
    echo "no Chromium with Chinese fonts here, and no apt-get to install it: the browser test is skipped"; exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "no Chromium with Chinese fonts here; 'sudo apt-get install chromium fonts-noto-cjk' enables the browser test"; exit 0
fi
echo "installing chromium and fonts-noto-cjk (once)"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk fontconfig >/dev/null
